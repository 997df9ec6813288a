import Foundation
import Pipeline
import Recognizer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct FileSourceTests {
    @Test func deliversEveryFrameOfTheDemoInOrder() async throws {
        let sizes = Mutex<Set<[Int]>>([])
        let recorder = try SourceRecorder(SampleFile.demo) { frame in
            sizes.withLock { _ = $0.insert([frame.width, frame.height, frame.planes.count]) }
        }
        let events = await recorder.allEvents()
        #expect(events.times.count == 468)
        for (index, time) in events.times.enumerated() {
            #expect(abs(time.nanoseconds - Int64(index) * 1_000_000_000 / 15) <= 1_000_000, "frame \(index)")
        }
        #expect(events.states == [.connecting, .online, .disabled])
        #expect(events.last == .ended(nil))
        #expect(sizes.withLock { $0 } == [[112, 112, 3]])
        #expect(recorder.source.counters.frames == 468)
        #expect(recorder.source.counters.lastError == nil)
    }

    @Test func waitsForAHandlerThatIsSlow() async throws {
        let gate = DispatchSemaphore(value: 0)
        let seen = Mutex(0)
        let done = AsyncStream<Void>.makeStream()
        let source = try FrameSources.make(location: Location(SampleFile.demo), name: "camera")
        source.start { event in
            if case .frame = event {
                if seen.withLock({
                    $0 += 1; return $0
                }) == 20 {
                    gate.wait()
                }
            } else if case .ended = event {
                done.continuation.finish()
            }
        }
        // Time enough for the decoder to run ahead, were it not held back.
        #expect(try await SourceRecorder(SampleFile.demo).allEvents().times.count == 468)
        gate.signal()
        for await _ in done.stream {}
        #expect(seen.withLock { $0 } == 468)
    }

    @Test func stopsInTheMiddleAndDeliversNothingMore() async throws {
        let recorder = try SourceRecorder("test://ball?width=64&height=64&frames=10000000")
        _ = await recorder.events { if case .frame = $0 { true } else { false } }
        recorder.source.stop()
        let frames = recorder.source.counters.frames
        #expect((1..<10_000_000).contains(frames))
        recorder.source.stop()
        #expect(recorder.source.counters.frames == frames)
    }

    @Test(arguments: [
        ("text.mp4", Array("It was a dark and stormy night, and no video was in sight.\n".utf8), "not a video"),
        ("empty.mp4", [], "is empty"),
        ("list.mp4", Array("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n".utf8), "playlist"),
        ("session.mp4", Array("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n".utf8), "SDP"),
    ])
    func namesWhatIsWrong(file: String, bytes: [UInt8], reason: String) async throws {
        let folder = try TemporaryFolder()
        let events = try await SourceRecorder(folder.file(file, bytes)).allEvents()
        guard case .unreadable("camera", let text)? = events.failure else {
            Issue.record("ended with \(String(describing: events.last))")
            return
        }
        #expect(text.contains(reason))
        #expect(text.contains(file))
        #expect(events.states == [.connecting, .disabled])
    }

    @Test func refusesADirectoryAndAMissingFile() async throws {
        let folder = try TemporaryFolder()
        let directory = try await SourceRecorder(folder.url.path).allEvents()
        #expect(directory.failure?.reason.contains("is a directory") == true)
        let missing = try await SourceRecorder(folder.path("none.mp4")).allEvents()
        #expect(missing.failure?.reason.contains("No such file") == true)
    }

    @Test func refusesAFIFOWithoutWaitingForAWriter() async throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.path("pipe.mp4"), 0o600) == 0)
        let events = try await SourceRecorder(folder.path("pipe.mp4")).allEvents()
        #expect(events.failure?.reason.contains("is a pipe") == true)
    }

    @Test func refusesSoundWithoutPictures() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "audiotestsrc num-buffers=40 ! audioconvert ! vorbisenc ! oggmux ! filesink location=a.ogg")
        try await folder.launch(
            "audiotestsrc num-buffers=40 ! audioconvert ! avenc_aac ! mp4mux ! filesink location=a.mp4")
        for name in ["a.ogg", "a.mp4"] {
            let events = try await SourceRecorder(folder.path(name)).allEvents()
            #expect(events.failure?.reason.contains("no video stream (audio only)") == true, "\(events)")
        }
    }

    @Test func readsThePicturesBesideSound() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "matroskamux name=m ! filesink location=both.mkv audiotestsrc num-buffers=40 ! vorbisenc ! m. "
                + "videotestsrc num-buffers=30 ! vp8enc deadline=1 ! m.")
        let events = try await SourceRecorder(folder.path("both.mkv")).allEvents()
        #expect(events.times.count == 30)
        #expect(events.last == .ended(nil))
    }

    @Test func tellsThatATruncatedFileLacksItsIndex() async throws {
        let folder = try TemporaryFolder()
        let whole = try Data(contentsOf: URL(filePath: SampleFile.demo))
        let events = try await SourceRecorder(folder.file("half.mp4", whole.prefix(whole.count / 2))).allEvents()
        #expect(events.failure?.reason.contains("moov atom) is missing") == true, "\(events)")
        #expect(events.times.isEmpty)
    }

    @Test func deliversWhatATruncatedFileStillHas() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "videotestsrc num-buffers=100 pattern=ball ! x264enc ! mp4mux faststart=true ! filesink location=fast.mp4")
        let whole = try Data(contentsOf: URL(filePath: folder.path("fast.mp4")))
        let events = try await SourceRecorder(folder.file("half.mp4", whole.prefix(whole.count / 2))).allEvents()
        #expect((1..<100).contains(events.times.count), "\(events.times.count) frames")
        #expect(events.failure?.reason.contains("ends early (truncated") == true, "\(String(describing: events.last))")
    }

    @Test func namesAFormatThatNothingDecodes() async throws {
        let folder = try TemporaryFolder()
        var bytes = try Data(contentsOf: URL(filePath: SampleFile.demo))
        let entry = try #require(bytes.range(of: Data("avc1".utf8), options: .backwards))
        bytes.replaceSubrange(entry, with: Data("zzzz".utf8))
        let events = try await SourceRecorder(folder.file("odd.mp4", bytes)).allEvents()
        guard case .missingElement("camera", let element, nil)? = events.failure else {
            Issue.record("ended with \(String(describing: events.last))")
            return
        }
        #expect(element.contains("zzzz"))
    }

    @Test func turnsATelephonesRecordingUpright() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "videotestsrc num-buffers=5 ! video/x-raw,width=64,height=32 ! x264enc ! mp4mux ! filesink location=flat.mp4"
        )
        var bytes = try Data(contentsOf: URL(filePath: folder.path("flat.mp4")))
        let header = try #require(bytes.range(of: Data("tkhd".utf8)))
        // The matrix (a, b, u, c, d) behind 40 bytes of header: a quarter turn clockwise.
        let turn: [Int32] = [0, 0x10000, 0, -0x10000, 0]
        let matrix = turn.flatMap { value in withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        bytes.replaceSubrange(header.upperBound + 40..<header.upperBound + 60, with: matrix)
        let sizes = Mutex<Set<[Int]>>([])
        let recorder = try SourceRecorder(folder.file("turned.mp4", bytes)) { frame in
            sizes.withLock { _ = $0.insert([frame.width, frame.height]) }
        }
        let events = await recorder.allEvents()
        #expect(events.times.count == 5)
        #expect(sizes.withLock { $0 } == [[32, 64]])
    }

    @Test func readsTenBitPicturesOfOddSize() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "videotestsrc num-buffers=3 pattern=white ! video/x-raw,format=I420_10LE,width=271,height=33 ! "
                + "avenc_ffv1 ! matroskamux ! filesink location=deep.mkv")
        let whites = Mutex<[UInt8]>([])
        let recorder = try SourceRecorder(folder.path("deep.mkv")) { frame in
            let luma = frame.planes[0]
            #expect(luma.strideBytes >= 271 && frame.width == 271 && frame.height == 33)
            whites.withLock { $0.append(luma.base[32 * luma.strideBytes + 270]) }
        }
        let events = await recorder.allEvents()
        #expect(events.times.count == 3)
        #expect(whites.withLock { $0 }.allSatisfy { (234...236).contains($0) })
    }
}
