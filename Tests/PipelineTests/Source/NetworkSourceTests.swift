import Foundation
import Pipeline
import Recognizer
import Synchronization
import TestSupport
import Testing

/// Cameras on the loopback interface, killed, frozen and revived.
@Suite(.timeLimit(.minutes(3)))
struct NetworkSourceTests {
    /// Limits short enough for a test; the order of things is that of the real ones.
    private var quick: SourceOptions {
        var options = SourceOptions()
        options.limits.stalled = .seconds(1)
        options.limits.rebuild = .seconds(2)
        options.limits.retry = .milliseconds(100)...(.milliseconds(400))
        return options
    }

    private func frames(_ count: Int, from recorder: SourceRecorder) async -> [SourceRecorder.Event] {
        var left = count
        return await recorder.events { event in
            if case .frame = event { left -= 1 }
            return left == 0
        }
    }

    @Test func readsAnRTSPCamera() async throws {
        let server = try CameraServer(script: "rtsp_server.py", ["--width", "270", "--height", "190"])
        let sizes = Mutex<Set<[Int]>>([])
        let recorder = try SourceRecorder("rtsp://127.0.0.1:\(server.port)/camera") { frame in
            sizes.withLock { _ = $0.insert([frame.width, frame.height]) }
        }
        let events = await frames(40, from: recorder)
        #expect(events.states == [.connecting, .online])
        #expect(events.times == events.times.sorted())
        #expect(sizes.withLock { $0 } == [[270, 190]])
    }

    @Test func fallsBackToUDP() async throws {
        let server = try CameraServer(script: "rtsp_server.py", ["--udp"])
        let recorder = try SourceRecorder("rtsp://127.0.0.1:\(server.port)/camera", options: quick)
        let events = await frames(5, from: recorder)
        #expect(events.states == [.connecting, .offline, .connecting, .online], "\(events.reasons)")
    }

    @Test func givesUserAndPasswordAndSaysWhenTheyAreRefused() async throws {
        let server = try CameraServer(script: "rtsp_server.py", ["--account", "viewer:se/cret"])
        let good = try SourceRecorder("rtsp://viewer:se%2Fcret@127.0.0.1:\(server.port)/camera", options: quick)
        #expect(await good.events(until: .online).states == [.connecting, .online])
        for account in ["viewer:wrong@", ""] {
            let bad = try SourceRecorder("rtsp://\(account)127.0.0.1:\(server.port)/camera", options: quick)
            let events = await bad.events(until: .authFailed)
            #expect(events.states == [.connecting, .authFailed])
            #expect(events.reasons == ["the camera refuses the user or password"])
            #expect(bad.source.counters.lastError == .unauthorised(source: "camera"))
        }
    }

    @Test func saysThatACameraHasOnlySound() async throws {
        let server = try CameraServer(script: "rtsp_server.py", ["--audio-only"])
        let recorder = try SourceRecorder("rtsp://127.0.0.1:\(server.port)/camera", options: quick)
        let events = await recorder.events(until: .offline)
        #expect(events.reasons.last?.contains("no video stream") == true, "\(events.reasons)")
    }

    @Test func comesBackInANewEpochWhenTheCameraDoes() async throws {
        let server = try CameraServer(script: "rtsp_server.py")
        let recorder = try SourceRecorder("rtsp://127.0.0.1:\(server.port)/camera", options: quick)
        _ = await frames(5, from: recorder)
        server.kill()
        let lost = await recorder.events(until: .offline)
        #expect(!lost.contains(.newEpoch))
        let revived = try CameraServer(script: "rtsp_server.py", ["--port", "\(server.port)", "--width", "160"])
        let back = await frames(5, from: recorder)
        let epoch = try #require(back.firstIndex(of: .newEpoch))
        let online = try #require(back.firstIndex(of: .state(.online, reason: nil)))
        #expect(epoch < online)
        #expect(Array(back[..<epoch]).times.isEmpty)
        #expect(back.contains { if case .frame(_, generation: 1) = $0 { true } else { false } })
        #expect(recorder.source.counters.reconnects >= 1)
        revived.kill()
    }

    @Test func tellsOfAStallAndBuildsAnew() async throws {
        let server = try CameraServer(script: "rtsp_server.py")
        let recorder = try SourceRecorder("rtsp://127.0.0.1:\(server.port)/camera", options: quick)
        _ = await frames(5, from: recorder)
        server.freeze()
        let events = await recorder.events(until: .offline)
        #expect(events.states == [.stalled, .offline])
        server.thaw()
        #expect(await recorder.events(until: .online).contains(.newEpoch))
    }

    @Test func givesUpOnAServerThatNeverAnswers() async throws {
        let listener = try SilentListener()
        var options = quick
        options.limits.opening = .seconds(1)
        let recorder = try SourceRecorder("rtsp://127.0.0.1:\(listener.port)/camera", options: options)
        let events = await recorder.events(until: .offline)
        #expect(events.states == [.connecting, .offline])
        guard case .unreachable? = recorder.source.counters.lastError else {
            Issue.record("\(String(describing: recorder.source.counters.lastError))")
            return
        }
    }

    @Test(arguments: ["rtsp", "http"])
    func triesAnUnreachablePortAgainAndAgain(scheme: String) async throws {
        let port = try SilentListener().port
        let recorder = try SourceRecorder("\(scheme)://user:geheim@127.0.0.1:\(port)/camera", options: quick)
        for _ in 0..<3 {
            let events = await recorder.events(until: .offline)
            #expect(events.states == [.connecting, .offline])
            #expect(events.reasons.allSatisfy { !$0.contains("geheim") })
        }
        recorder.source.stop()
        #expect(recorder.source.counters.reconnects >= 2)
    }

    @Test func readsAnMJPEGCamera() async throws {
        let server = try CameraServer(script: "http_server.py")
        let recorder = try SourceRecorder("http://127.0.0.1:\(server.port)/mjpeg") { frame in
            #expect(frame.width == 270 && frame.height == 190 && frame.range == .full)
        }
        let events = await frames(20, from: recorder)
        #expect(events.states == [.connecting, .online])
        #expect(events.times == events.times.sorted() && Set(events.times).count == events.times.count)
    }

    @Test func givesUserAndPasswordToAWebCamera() async throws {
        let server = try CameraServer(script: "http_server.py")
        let good = try SourceRecorder("http://user:secret@127.0.0.1:\(server.port)/locked", options: quick)
        #expect(await good.events(until: .online).states == [.connecting, .online])
        let bad = try SourceRecorder("http://user:wrong@127.0.0.1:\(server.port)/locked", options: quick)
        #expect(await bad.events(until: .authFailed).states == [.connecting, .authFailed])
        let missing = try SourceRecorder("http://127.0.0.1:\(server.port)/nothing", options: quick)
        #expect(await missing.events(until: .offline).reasons.last?.contains("no such stream") == true)
    }

    @Test func readsAnHLSStreamAtItsOwnPace() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "videotestsrc num-buffers=50 ! x264enc key-int-max=25 ! h264parse ! mpegtsmux ! filesink location=part.ts")
        let list = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.67,\npart.ts\n#EXT-X-ENDLIST\n"
        _ = try folder.file("list.m3u8", list.utf8)
        let server = try CameraServer(script: "http_server.py", ["--folder", folder.url.path])
        let recorder = try SourceRecorder("http://127.0.0.1:\(server.port)/files/list.m3u8", options: quick)
        let events = await frames(45, from: recorder)
        #expect(events.states == [.connecting, .online], "\(events.reasons)")
    }

    @Test func followsNoPlaylistIntoTheFileSystem() async throws {
        let server = try CameraServer(script: "http_server.py")
        let recorder = try SourceRecorder("http://127.0.0.1:\(server.port)/leaky.m3u8", options: quick)
        let events = await recorder.events(until: .offline)
        #expect(events.reasons.last?.contains("not followed") == true, "\(events.reasons)")
    }

    @Test func waitsForADeviceThatIsNotThere() async throws {
        let recorder = try SourceRecorder("v4l2:///dev/video973", options: quick)
        for _ in 0..<2 {
            #expect(await recorder.events(until: .offline).states == [.connecting, .offline])
        }
    }
}

/// A TCP port that accepts and says nothing, until the value goes.
final class SilentListener: Sendable {
    let port: Int
    private let descriptor: Int32

    struct Failure: Error {}

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isListening else { throw Failure() }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
