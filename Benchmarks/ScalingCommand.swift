import ArgumentParser
import Foundation
import Recognizer

/// Updates of several ranks, measured and as `ScalingModel` has them.
struct ScalingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scaling", abstract: "Times updates that ranks share: mpirun -n N claverd-benchmarks scaling.")

    enum Size: String, ExpressibleByArgument, CaseIterable {
        case demo, b32, b16, l14

        var geometry: ModelGeometry {
            switch self {
            case .demo:
                ModelGeometry(
                    imageSize: 64, patchSize: 16, frames: 8, visionWidth: 128, visionLayers: 6, temporalLayers: 2,
                    embeddingWidth: 128, textWidth: 128, textLayers: 2, contextLength: 77, vocabularySize: 514,
                    mask: .kmt)
            case .b32: .vitB32()
            case .b16: .vitB16()
            case .l14: .vitL14()
            }
        }
    }

    @Option(help: "The model.") var size = Size.demo
    @Option(help: "Clips of a rank's batch.") var batch = 8
    @Option(help: "Classes, a text each.") var classes = 15
    @Flag(help: "Leave the text tower as it is.") var freezeText = false
    @Option(help: "Threads that compute, of each rank.") var workers = 1
    @Option(help: "Timed updates.") var rounds = 7
    @Option(help: "Gigabits per second of each rank, to predict with besides the measured sums.") var gigabits: Double?
    @Option(help: "Microseconds of a message.") var latency = 50.0

    func run() throws {
        let ranks = try RankGroup.start(environment: ProcessInfo.processInfo.environment)
        let run = ScalingRun(
            geometry: size.geometry, batch: batch, classes: classes, trainsText: !freezeText, workers: workers,
            rounds: rounds)
        let model = try run.alone(besides: ranks)
        if let ranks {
            let (measured, sums) = try run.shared(ranks, model)
            if ranks.rank == 0 { tellCheck(model, ranks.count, measured: measured, sums: sums) }
            ranks.finish()
            guard ranks.rank == 0 else { return }
        }
        tellTable(model)
    }

    private func tellCheck(_ model: ScalingModel, _ ranks: Int, measured: Double, sums: [Double]) {
        func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", seconds * 1000) }
        print("update, \(ranks) ranks     \(milliseconds(measured))")
        let total = sums.reduce(0, +)
        print(
            "sums by themselves  \(milliseconds(total)), \(String(format: "%.2f", Double(model.byteCount) / total / 1e9)) GB/s"
        )
        print("predicted, hidden   \(milliseconds(model.update(sums: sums)))")
        print("predicted, in turn  \(milliseconds(model.alone + total))")
        if let gigabits {
            let network = ScalingModel.Network(gigabitsPerSecond: gigabits, latency: latency * 1e-6)
            print("predicted, network  \(milliseconds(model.update(ranks: ranks, on: network)))")
        }
    }

    private func tellTable(_ model: ScalingModel) {
        print(
            String(
                format: "one rank: %.1f MB of gradients in %d sums; backward ends at %.3f s, update %.3f s",
                Double(model.byteCount) / 1e6, model.stretches.count, model.backwardEnd, model.alone))
        print("ranks  Gb/s   sums s   update s   of alone")
        for ranks in [8, 64, 512] {
            for (gigabits, latency) in [(1.0, 50e-6), (10, 20e-6), (100, 5e-6)] {
                let network = ScalingModel.Network(gigabitsPerSecond: gigabits, latency: latency)
                let sums = model.stretches.map { network.sum($0.byteCount, ranks: ranks) }
                let update = model.update(sums: sums)
                print(
                    String(
                        format: "%5d  %4.0f %8.3f %10.3f %9.0f %%", ranks, gigabits, sums.reduce(0, +), update,
                        100 * model.alone / update))
            }
        }
    }
}
