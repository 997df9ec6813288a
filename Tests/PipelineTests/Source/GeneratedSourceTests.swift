import Foundation
import Pipeline
import Recognizer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct GeneratedSourceTests {
    @Test func endsAfterTheFramesAskedFor() async throws {
        let recorder = try SourceRecorder("test://ball?width=270&height=33&rate=10&frames=40") { frame in
            #expect(frame.format == .i420 && frame.width == 270 && frame.height == 33)
            #expect(frame.planes.map(\.strideBytes) == [272, 136, 136])
        }
        #expect(recorder.source.isLive == false)
        let events = await recorder.allEvents()
        #expect(events.times.map(\.nanoseconds) == (0..<40).map { $0 * 100_000_000 })
        #expect(events.last == .ended(nil))
    }

    @Test func readsTheColoursOfAKnownPicture() async throws {
        let colours = Mutex<Set<[UInt8]>>([])
        let recorder = try SourceRecorder("test://red?width=16&height=16&frames=2") { frame in
            #expect(frame.matrix == .bt601 && frame.range == .limited)
            let corner = frame.planes.map { $0.base[0] }
            colours.withLock { _ = $0.insert(corner) }
        }
        _ = await recorder.allEvents()
        #expect(colours.withLock { $0 } == [[81, 90, 240]])
    }

    @Test(arguments: [(719, ColourMatrix.bt601), (720, .bt709)])
    func takesTheMatrixFromTheHeightWhereNothingIsSaid(height: Int, matrix: ColourMatrix) async throws {
        let recorder = try SourceRecorder("test://black?width=32&height=\(height)&frames=1") { frame in
            #expect(frame.matrix == matrix)
        }
        #expect(await recorder.allEvents().times.count == 1)
    }

    @Test func keepsItsPaceWithoutEnd() async throws {
        let recorder = try SourceRecorder("test://ball?rate=50")
        #expect(recorder.source.isLive)
        let events = await recorder.events { if case .frame(let time, _) = $0 { time.seconds >= 0.2 } else { false } }
        #expect(events.states == [.connecting, .online])
        recorder.source.stop()
    }

    @Test func leavesNothingBehindAfterManyCycles() async throws {
        await #expect(processExitsWith: .success) {
            func cycle() async throws {
                let recorder = try SourceRecorder("test://ball?rate=100&width=64&height=64")
                _ = await recorder.events { if case .frame = $0 { true } else { false } }
                recorder.source.stop()
            }
            func count(_ folder: String) throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count
            }
            // The first cycles load plugins and start thread pools that stay.
            for _ in 0..<10 { try await cycle() }
            let before = (fds: try count("fd"), threads: try count("task"))
            for _ in 0..<50 { try await cycle() }
            let after = (fds: try count("fd"), threads: try count("task"))
            // GStreamer's shared pool keeps idle threads for a while, a few more or less.
            guard after.fds <= before.fds, after.threads <= before.threads + 4 else {
                print("before \(before), after \(after)")
                exit(1)
            }
            exit(0)
        }
    }
}
