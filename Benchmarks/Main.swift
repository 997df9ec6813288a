import ArgumentParser
import Recognizer

@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claverd-benchmarks", abstract: "Times the recogniser.",
        subcommands: [
            StreamCommand.self, LaneCommand.self, KernelCommand.self, TrainingBenchmark.self, ScalingCommand.self,
        ], defaultSubcommand: StreamCommand.self)

    static func main() {
        OpenBLASKernels.restartIfMistaken()
        main(nil)
    }
}
