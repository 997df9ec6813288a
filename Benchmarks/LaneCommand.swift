import ArgumentParser
import Foundation
import Recognizer

/// The recogniser as one of several programs that somebody times in turn: it does one piece of work for each line that it reads.
struct LaneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lane", abstract: "Does one piece of work for each line read, for peers/bench_peers.py.",
        discussion: """
            Lines: "window N" (a window of which N frames are new), "spatial N" (N frames), "temporal" (a window of kept \
            frames), "texts" (all texts), "peak" (matrix products). Each is answered by milliseconds and multiply-adds, or, \
            for peak, by thousand million multiply-adds a second. "logits" is answered by the clip's logits with the first texts.
            """)

    @Option(help: "Safetensors file of the model, under the authors' names.") var weights: String
    @Option(help: "Safetensors file with clips (1,T,3,H,W), normalised, and prompts_i64 (1,C,K).") var input: String
    @Option(help: "f32, bf16 or int8.") var precision: String
    @Option(help: "Threads that compute.") var workers = ProcessInfo.processInfo.activeProcessorCount

    func run() throws {
        guard let precision = Precision(rawValue: precision), precision != .auto else {
            throw ValidationError("--precision must be f32, bf16 or int8, not \(precision)")
        }
        let lane = try Lane(
            weights: CheckpointReader.read(weights), input: CheckpointReader.read(input), path: weights,
            backend: precision == .f32
                ? .float32(pool: WorkerPool(workers: workers))
                : .narrow(precision, pool: WorkerPool(workers: workers)))
        answer("ready")
        while let line = readLine() {
            guard let words = try lane.answer(line.split(separator: " ").map(String.init)) else {
                throw ValidationError("no such piece of work: \(line)")
            }
            answer(words)
        }
    }

    private func answer(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}
