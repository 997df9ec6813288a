import ArgumentParser
import Foundation
import Recognizer

/// Runs a model on tensors, for comparison with other implementations.
struct ModelRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a model on tensors from a file.",
        discussion: """
            Reads clips (B,T,3,H,W), normalised, and prompts_i64 (A,C,K) if it is there. Writes spatial_tokens (B*T,L,D), \
            frame_features (B,T,E), video_features (B,E), and with prompts text_features (A,C,E), logits (B,A,C) and \
            scores (B,C). With --stream-hop N it also reads stream_frames (S,3,H,W), lets them pass one by one, and writes \
            stream_scores (windows,C).
            """)

    @Argument(help: "The model's directory.")
    var model: String

    @Option(help: "Safetensors file to read.")
    var input: String

    @Option(help: "Safetensors file to write.")
    var output: String

    @Option(help: ArgumentHelp("Also score a stream, a window each N frames.", valueName: "N"))
    var streamHop: Int?

    @Option(help: Precision.help)
    var precision = Precision.auto

    @Option(help: "Threads that compute.")
    var workers = Processors.count

    func validate() throws {
        if let streamHop, streamHop < 1 { throw ValidationError("--stream-hop must be at least 1, not \(streamHop)") }
        guard (1...1024).contains(workers) else {
            throw ValidationError("--workers must be in 1...1024, not \(workers)")
        }
    }

    func run() throws {
        try OutputFile.check(output, option: "--output", inputs: [input] + OutputFile.modelFiles(model))
        let model = try Model(path: model, on: .forCommand(precision, workers: workers))
        let run = try TensorRun(model: model, input: try CheckpointReader.read(input).tensors, path: input)
        var results = try run.clipResults()
        if let streamHop { results["stream_scores"] = try run.streamScores(hop: streamHop) }
        try SafetensorsWriter.write(
            StateDict(tensors: results.mapValues { StoredTensor($0) }), to: OutputFile.target(of: output))
        for (name, tensor) in results.sorted(by: { $0.key < $1.key }) { print(name, tensor.shape) }
    }
}
