import ArgumentParser
import Foundation
import Pipeline
import Recognizer

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine, and say how many cameras it can carry.",
        discussion: """
            Times every stage of a model on this machine and compares it with the speed that matrix products reach here. Give \
            it a minute of your own camera with --video: decoding is often the larger part.
            """)

    @Option(help: "A model's directory, or its name on the model path.")
    var model = "demo"

    @Option(help: "A file like the cameras' streams.")
    var video: String

    @Option(help: "Stream time from one sampled frame to the next.")
    var every = "500ms"

    @Option(help: "Sampled frames from one window to the next.")
    var hop = 4

    @Option(help: "Seconds for each stage.")
    var seconds = 2.0

    @Option(help: Precision.help)
    var precision = Precision.auto

    @Option(help: "Threads that compute.")
    var workers = Processors.count

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard let period = SettingsReader.duration(from: every), period >= .milliseconds(1), period <= .seconds(3600)
        else {
            throw ValidationError("--every expects a duration such as 300ms or 2s, not \(every.escapedForLog)")
        }
        guard (1...10_000).contains(hop) else { throw ValidationError("--hop must be in 1...10000, not \(hop)") }
        guard seconds > 0, seconds <= 600 else {
            throw ValidationError("--seconds must be more than 0 and at most 600, not \(seconds)")
        }
        guard (1...1024).contains(workers) else {
            throw ValidationError("--workers must be in 1...1024, not \(workers)")
        }
    }

    func run() throws {
        try InputFile.check(video)
        let directory = try ModelDirectory.open(ModelPath.fromHere(model))
        let backend = try BackendChoice.forCommand(precision, workers: workers).backend(for: directory)
        let bench = try MachineBench.measure(
            Model(directory, backend: backend), backend: backend, video: video,
            period: SettingsReader.duration(from: every) ?? .milliseconds(500), hop: hop,
            budget: .nanoseconds(Int64(seconds * 1e9)))
        print(json ? try bench.json : bench.table)
    }
}

extension MachineBench {
    fileprivate var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    fileprivate var table: String {
        let width = stages.map(\.name.count).max() ?? 0
        let rows = stages.map { stage in
            stage.name.padding(toLength: width, withPad: " ", startingAt: 0)
                + String(format: " %9.2f ms %9.2f ms", stage.medianMs, stage.p95Ms)
                + (stage.shareOfPeak.map { String(format: " %8.0f %%", $0 * 100) } ?? "")
        }
        let header =
            "stage".padding(toLength: width, withPad: " ", startingAt: 0) + "       median          p95  of peak"
        let load = String(
            format: "one camera of %.0f frames a second: %.1f %% of this machine for decoding, %.1f %% for the model",
            cameras.framesPerSecond, cameras.decoding * 100, cameras.inference * 100)
        return """
            model    \(model)
            backend  \(backend)
            peak     \(String(format: "%.0f", peakGflops)) GFLOP/s in matrix products

            \(header)
            \(rows.joined(separator: "\n"))

            \(load)
            cameras, a frame each \(cameras.everySeconds) s, a window each \(cameras.hop) frames: \(cameras.count), \
            at \(Int(Self.usableLoad * 100)) % load
            """
    }
}
