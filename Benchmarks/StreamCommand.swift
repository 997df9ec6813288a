import ArgumentParser
import Foundation
import Recognizer

struct StreamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream",
        abstract: "Times a ViT-B/32 with 8 frames: windows of a stream and windows computed anew, in each precision.")

    @Option(help: "Threads that compute.") var workers = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Timed windows of each kind.") var rounds = 15
    @Flag(help: "Print JSON instead of a table.") var json = false

    func run() throws {
        let pool = WorkerPool(workers: workers)
        var backends = [CPUBackend.openBLAS(pool: pool), try .float32(pool: pool)]
        if CPUBackend.hasBFloat16 { backends.append(try .narrow(.bf16, pool: pool)) }
        if LinkedLibrary.oneDNN != nil { backends.append(try .narrow(.int8, pool: pool)) }
        let rows = try StreamBenchmark(.vitB32(), hops: [1, 2, 4, 8], backends: backends).run(rounds: rounds)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            print(String(decoding: try encoder.encode(rows), as: UTF8.self))
            return
        }
        print("ViT-B/32, 8 frames, \(rounds) windows of each kind, interleaved")
        var backend = ""
        for row in rows {
            if row.backend != backend {
                print("\n\(row.backend)\nwindow          median      p95   recomputed   OpenBLAS")
            }
            backend = row.backend
            print(
                String(
                    format: "%@ %8.1f ms %8.1f ms %6.2fx %9.2fx",
                    row.name.padding(toLength: 12, withPad: " ", startingAt: 0), row.medianMs, row.p95Ms,
                    row.timesFaster, row.timesFirst))
        }
    }
}
