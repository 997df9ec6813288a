import ArgumentParser
import Foundation
import Recognizer

struct ModelImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make a model directory of published weights.",
        discussion: """
            Reads safetensors, PyTorch checkpoints (of any age, training bundles included), OpenAI's CLIP archives and \
            Hugging Face CLIP folders. Pickles are read as data; nothing in them is ever run. Plain CLIP gets temporal \
            blocks that change nothing until they are trained. A model directory keeps its labels and templates.
            """)

    @Argument(help: "A checkpoint, or a folder that holds one.")
    var file: String

    @Option(help: "The directory to make; it must not exist, or be empty.")
    var output: String

    @Option(help: "Which frames a token sees: KMT (all others) or KMCT (earlier ones). Default: what the file says.")
    var mask: Mask?

    @Option(help: "Frames of a window, for plain CLIP (default: 8).")
    var frames: Int?

    @Option(help: "Byte-pair merges, plain or gzip, or a tokenizer.json. Default: looked for beside the checkpoint.")
    var merges: String?

    @Option(help: "A labels.csv (id,name) whose names become the model's own classes.")
    var labels: String?

    @Option(help: "What the weights are stored as: f32, f16 or bf16. Default: what the file has.")
    var type: WeightType?

    @Flag(help: "Print JSON.")
    var json = false

    enum WeightType: String, ExpressibleByArgument, CaseIterable {
        case f32, f16, bf16

        var element: ElementType {
            switch self {
            case .f32: .float32
            case .f16: .float16
            case .bf16: .bfloat16
            }
        }
    }

    enum Mask: String, ExpressibleByArgument, CaseIterable {
        case kmt = "KMT"
        case kmct = "KMCT"

        var kronecker: KroneckerMask {
            switch self {
            case .kmt: .kmt
            case .kmct: .kmct
            }
        }
    }

    func validate() throws {
        if let frames, !(1...1024).contains(frames) { throw ValidationError("--frames must be 1 to 1024") }
    }

    func run() throws {
        MappedFileFault.exitOnTruncation()
        // `.` would lead nowhere once its folder is replaced.
        let output = FileTree.place(of: output)
        let outcome: ModelImport.Outcome
        do throws(RecognizerError) {
            outcome = try ModelImport.run(
                source: file, output: output,
                options: ModelImport.Options(
                    mask: mask?.kronecker, frames: frames, mergesPath: merges, labelsPath: labels,
                    type: type?.element))
        } catch {
            switch error {
            // What is wrong with a tensor does not say whose it is.
            case .nonFinite, .shapeMismatch: throw CommandFailure(.dataError, "\(file): \(error)")
            default: throw error
            }
        }
        for note in outcome.notes { StandardError.tell(note) }
        print(try ModelInspectCommand.report(output, json: json), terminator: "")
    }
}
