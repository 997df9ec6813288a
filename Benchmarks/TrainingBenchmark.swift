import ArgumentParser
import Foundation
import Recognizer

/// Steps of training on noise: time, and the most memory that the process ever had.
struct TrainingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract:
            "Times steps of training: forward, backward and update on clips of noise, prompts given as features.",
        discussion:
            "Prints a line of JSON for each step and one for all. Benchmarks/peers/train.py runs it beside PyTorch."
    )

    enum Size: String, ExpressibleByArgument, CaseIterable {
        case demo = "ViT-Ti/16@64px"
        case base = "ViT-B/32"
        case large = "ViT-L/14"

        var geometry: ModelGeometry {
            switch self {
            case .demo:
                ModelGeometry(
                    imageSize: 64, patchSize: 16, frames: 8, visionWidth: 128, visionLayers: 6,
                    temporalLayers: 2,
                    embeddingWidth: 128, textWidth: 128, textLayers: 3, contextLength: 77,
                    vocabularySize: 49_408,
                    mask: .kmt)
            case .base: .vitB32()
            case .large: .vitL14()
            }
        }
    }

    enum Part: String, ExpressibleByArgument, CaseIterable {
        /// All of the image side.
        case image
        /// The temporal part and the head, on spatial features that are there already.
        case temporal
        /// The image side and the text tower, on token ids.
        case all
    }

    @Argument(help: "Model.") var size = Size.base
    @Option(help: "f32 or bf16.") var precision = "f32"
    @Option(help: "What is trained.") var part = Part.image
    @Option(help: "Clips of a step.") var batch = 2
    @Option(help: "Classes.") var classes = 400
    @Option(help: "Prompts for each class.") var prompts = 5
    @Option(help: "Steps that are timed, after one that is not.") var steps = 5
    @Option(help: "Threads that compute.") var workers = ProcessInfo.processInfo.activeProcessorCount
    @Flag(help: "Compute each block's forward again instead of keeping its activations.")
    var checkpointing = false
    @Flag(help: "A step for each line of standard input, to take turns with other programs.")
    var onRequest = false

    private struct Timing: Encodable {
        let ms: Double
        let loss: Double
    }

    private struct Summary: Encodable {
        let size, precision, part: String
        let batch, workers: Int
        let medianMs, clipsPerSecond, peakMegabytes: Double
    }

    func run() throws {
        let step = try makeStep()
        var random = SplitMix(state: 3)
        let geometry = step.geometry
        func noise(_ count: Int) -> [Float] { (0..<count).map { _ in 1.7 * random.symmetric() } }
        let clip =
            geometry.frames
            * (part == .temporal
                ? geometry.tokens * geometry.visionWidth : geometry.patches * geometry.patchValues)
        let clips = noise(batch * clip)
        let targets = (0..<batch * classes).map { Float($0 % classes == $0 / classes ? 1 : 0) }
        var features = Tensor(
            shape: [prompts, classes, geometry.embeddingWidth],
            values: noise(prompts * classes * geometry.embeddingWidth))
        let scale = 1 / Float(geometry.embeddingWidth).squareRoot()
        for index in features.values.indices { features.values[index] *= scale }
        let texts: TrainingStep.Prompts = part == .all ? .tokens(tokens(&random)) : .features(features)

        func next() -> Timing {
            clips.withUnsafeBufferPointer { clips in
                targets.withUnsafeBufferPointer { targets in
                    guard let clips = clips.baseAddress, let targets = targets.baseAddress else {
                        return Timing(ms: 0, loss: 0)
                    }
                    let start = ContinuousClock.now
                    let outcome = step.accumulate(
                        TrainingStep.Batch(
                            clips: part == .temporal ? .features(clips) : .patches(clips), count: batch,
                            targets: targets, prompts: texts))
                    _ = step.update()
                    return Timing(ms: (ContinuousClock.now - start) / .milliseconds(1), loss: outcome.loss)
                }
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        func report(_ row: some Encodable) throws {
            print(String(decoding: try encoder.encode(row), as: UTF8.self))
            fflush(nil)
        }
        try report(next())
        var times: [Double] = []
        while onRequest ? readLine() != nil : times.count < steps {
            let timing = next()
            times.append(timing.ms)
            try report(timing)
        }
        guard !times.isEmpty else { return }
        let median = times.sorted()[times.count / 2]
        try report(
            Summary(
                size: size.rawValue, precision: precision, part: part.rawValue, batch: batch,
                workers: workers,
                medianMs: median, clipsPerSecond: Double(batch) / median * 1000,
                peakMegabytes: Self.peakMegabytes))
    }

    private func makeStep() throws -> TrainingStep {
        guard let precision = Precision(rawValue: precision) else {
            throw ValidationError("\(precision) is no precision")
        }
        var options = TrainingOptions(
            schedule: CosineSchedule(base: 1e-5, floor: 1e-7, warmUp: 5, updates: 1000))
        options.precision = precision
        options.checkpointing = checkpointing
        switch part {
        case .image: options.trained = [.spatial, .temporal, .head, .scale]
        case .temporal: options.trained = [.temporal, .head]
        case .all: break
        }
        let geometry = size.geometry
        return try TrainingStep(
            weights: SyntheticModel(geometry).state, geometry: geometry, options: options,
            capacity: TrainingCapacity(clips: batch, prompts: prompts, classes: classes),
            pool: WorkerPool(workers: workers))
    }

    /// (prompts, classes) texts of a usual length.
    private func tokens(_ random: inout SplitMix) -> [[[Int32]]] {
        (0..<prompts).map { _ in
            (0..<classes).map { _ in
                [49_406] + (0..<8).map { _ in Int32((random.symmetric() + 1) * 20_000) } + [49_407]
            }
        }
    }

    /// The most memory that this process ever had.
    private static var peakMegabytes: Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split(separator: " ").compactMap { Double($0) }.first ?? 0) * 1024 / 1e6
    }
}
