import ArgumentParser
import Foundation
import Recognizer

@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claverd-benchmarks",
        abstract: "Times a ViT-B/32 with 8 frames: windows of a stream against windows computed anew.")

    @Option(help: "Threads that compute.") var workers = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Timed windows of each kind.") var rounds = 15
    @Flag(help: "Print JSON instead of a table.") var json = false

    func run() throws {
        let benchmark = try StreamBenchmark(.vitB32(), hops: [1, 2, 4, 8], workers: workers)
        let rows = benchmark.run(rounds: rounds)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            print(String(decoding: try encoder.encode(rows), as: UTF8.self))
        } else {
            print("ViT-B/32, 8 frames, float32, \(workers) threads, \(rounds) windows each")
            print("window          median      p95   against recomputed")
            for row in rows {
                print(
                    String(
                        format: "%@ %8.1f ms %8.1f ms %8.2fx",
                        row.name.padding(toLength: 12, withPad: " ", startingAt: 0), row.medianMs, row.p95Ms,
                        row.timesFaster))
            }
        }
    }
}
