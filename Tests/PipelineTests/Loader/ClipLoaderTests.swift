import Foundation
import Pipeline
import Recognizer
import Synchronization
import TestSupport
import Testing

@Suite(.tags(.gstreamer), .serialized, .timeLimit(.minutes(3)))
struct ClipLoaderTests {
    private static let geometry = ModelGeometry(
        imageSize: 32, patchSize: 16, frames: 8, visionWidth: 128, visionLayers: 3, temporalLayers: 1,
        embeddingWidth: 64, textWidth: 64, textLayers: 1, contextLength: 77, vocabularySize: 514, mask: .kmt)
    private static let clips = [
        "b-frames.mp4", "xvid.avi", "hidden-references.vp9.webm", "one-frame.mp4", "ten-bit.mp4",
    ]

    private func loader(
        _ store: any ClipStore, _ names: [String], options: ClipLoaderOptions = ClipLoaderOptions(threads: 3),
        plan: (@Sendable (Int, Int) -> [ClipView])? = nil
    ) -> ClipLoader {
        ClipLoader(
            store: store, entries: names.map { ClipEntry(name: $0, classes: [0]) }, geometry: Self.geometry,
            mean: [120, 116, 104], deviation: [58, 57, 57], options: options,
            plan: plan ?? { _, total in
                [ClipView(indices: ClipSampling(frames: 8).indices(of: total), geometry: ViewGeometry())]
            })
    }

    private func all(_ loader: ClipLoader) -> [(index: Int, clip: Result<DecodedClip, ClipFailure>)] {
        var results: [(index: Int, clip: Result<DecodedClip, ClipFailure>)] = []
        while let next = loader.next() { results.append(next) }
        return results
    }

    /// The kind of failure of each clip of `names`; nil for one that was read.
    private func kinds(_ store: any ClipStore, _ names: [String]) -> [ClipFailure.Kind?] {
        all(loader(store, names)).map { if case .failure(let failure) = $0.clip { failure.kind } else { nil } }
    }

    @Test func handsOutClipsInTheListsOrder() throws {
        let names = (0..<40).map { Self.clips[$0 * 7 % Self.clips.count] }
        let results = all(loader(Folder.golden, names))
        #expect(results.map(\.index) == Array(0..<40))
        let totals = [
            "b-frames.mp4": 40, "xvid.avi": 36, "hidden-references.vp9.webm": 50, "one-frame.mp4": 1, "ten-bit.mp4": 20,
        ]
        #expect(try results.map { try $0.clip.get().totalFrames } == names.map { totals[$0] })
    }

    @Test func givesTheSamePatchesWithAnyNumberOfThreads() throws {
        let one = all(loader(Folder.golden, Self.clips, options: ClipLoaderOptions(threads: 1, ahead: 1)))
        let many = all(loader(Folder.golden, Self.clips, options: ClipLoaderOptions(threads: 5, ahead: 9)))
        #expect(try one.map { try $0.clip.get().patches } == many.map { try $0.clip.get().patches })
    }

    @Test func preparesEveryViewOfAFrame() throws {
        let views = [
            ClipView(indices: [3, 3, 17], geometry: ViewGeometry(crop: .third(0))),
            ClipView(indices: [17, 30], geometry: ViewGeometry(crop: .third(1))),
        ]
        let clip = try #require(all(loader(Folder.golden, ["b-frames.mp4"]) { _, _ in views }).first).clip.get()
        let preprocessor = FramePreprocessor(
            imageSize: 32, patchSize: 16, mean: [120, 116, 104], deviation: [58, 57, 57])
        let perFrame = Self.geometry.patches * Self.geometry.patchValues
        var expected: [Float] = []
        for view in views {
            for index in view.indices {
                var patches = [Float](repeating: 0, count: perFrame)
                _ = try ClipDecoder().read(try #require(Folder.golden.location(of: "b-frames.mp4"))) { _ in
                    [index]
                } take: {
                    preprocessor.writePatches($2, view: view.geometry, to: &patches)
                }
                expected += patches
            }
        }
        #expect(clip.views == views)
        #expect(clip.patches == expected)
        #expect(Set(expected).count > 100)
    }

    @Test func repeatsFramesOfAClipShorterThanTheWindow() throws {
        let clip = try #require(all(loader(Folder.golden, ["one-frame.mp4"])).first).clip.get()
        let perFrame = clip.patches.count / 8
        #expect(clip.views.map(\.indices) == [[0, 0, 0, 0, 0, 0, 0, 0]])
        for frame in 1..<8 {
            #expect(clip.patches[frame * perFrame..<(frame + 1) * perFrame] == clip.patches[..<perFrame])
        }
    }

    @Test func readsAheadAndNoFurtherThanAllowed() {
        let planned = Mutex(-1)
        let begun = DispatchSemaphore(value: 0)
        let seen = Mutex<Set<Int>>([])
        let loader = loader(
            Folder.golden, Array(repeating: "b-frames.mp4", count: 30), options: ClipLoaderOptions(threads: 2, ahead: 4)
        ) { index, _ in
            planned.withLock { $0 = max($0, index) }
            if seen.withLock({ $0.insert(index).inserted }) { begun.signal() }
            return [ClipView(indices: [0], geometry: ViewGeometry())]
        }
        // Without anyone to take them, four clips are read.
        for _ in 0..<4 { begun.wait() }
        var taken = 0
        while loader.next() != nil {
            #expect(planned.withLock { $0 } <= taken + 4)
            taken += 1
        }
        #expect(taken == 30)
    }

    @Test func saysWhyAClipCannotBeRead() async throws {
        let folder = try TemporaryFolder()
        try await folder.launch(
            "audiotestsrc num-buffers=40 ! audioconvert ! avenc_aac ! mp4mux ! filesink location=sound.mp4")
        try await folder.launch("audiotestsrc num-buffers=40 ! wavenc ! filesink location=sound.wav")
        let whole = try Data(contentsOf: URL(filePath: Golden.path("clips/b-frames.mp4")))
        _ = try folder.file("zero.mp4", [])
        _ = try folder.file("text.mp4", "It was a dark and stormy night, and no video was in sight.\n".utf8)
        _ = try folder.file("list.mp4", "#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n".utf8)
        _ = try folder.file("half.mp4", whole.prefix(whole.count / 2))
        var odd = whole
        odd.replaceSubrange(
            try #require(odd.range(of: Data("avc1".utf8), options: .backwards)), with: Data("zzzz".utf8))
        _ = try folder.file("odd.mp4", odd)
        try FileManager.default.createDirectory(atPath: folder.path("folder.mp4"), withIntermediateDirectories: false)
        #expect(mkfifo(folder.path("pipe.mp4"), 0o600) == 0)

        let expected: [(name: String, kind: ClipFailure.Kind)] = [
            ("none.mp4", .missing), ("zero.mp4", .empty), ("sound.mp4", .audioOnly), ("sound.wav", .audioOnly),
            ("text.mp4", .undecodable), ("half.mp4", .undecodable), ("odd.mp4", .undecodable), ("list.mp4", .refused),
            ("folder.mp4", .refused), ("pipe.mp4", .refused),
        ]
        let results = all(loader(Folder(path: folder.url.path), expected.map(\.name)))
        for (row, result) in zip(expected, results) {
            guard case .failure(let failure) = result.clip else {
                Issue.record("\(row.name) was read")
                continue
            }
            #expect(failure.kind == row.kind, "\(row.name): \(failure)")
            #expect(failure.reason.contains(row.name), "\(failure)")
        }
        #expect(results.count == expected.count)
    }

    @Test func tellsMembersThatTheStoreOrTheArchiveLacks() throws {
        let folder = try TemporaryFolder()
        let archive = try folder.file("clips.tar", Data(repeating: 0, count: 1024))
        let store = Members(path: archive, members: ["beyond": 512..<2048, "nothing": 512..<512])
        #expect(kinds(store, ["beyond", "nothing", "unknown"]) == [.undecodable, .empty, .missing])
    }

    @Test func goesOnAfterABadClip() throws {
        let folder = try TemporaryFolder()
        let good = try Data(contentsOf: URL(filePath: Golden.path("clips/b-frames.mp4")))
        for index in 0..<6 { _ = try folder.file("\(index).mp4", good) }
        var bad = good
        let data = try #require(bad.range(of: Data("mdat".utf8)))
        for place in data.upperBound..<data.upperBound + 4_000 { bad[place] = 0xAA }
        for index in stride(from: 1, to: 6, by: 2) { _ = try folder.file("\(index).mp4", bad) }
        let results = all(
            loader(Folder(path: folder.url.path), (0..<6).map { "\($0).mp4" }, options: .init(threads: 1)))
        let expected = try all(loader(Folder.golden, ["b-frames.mp4"]))[0].clip.get().patches
        for index in stride(from: 0, to: 6, by: 2) {
            #expect(try results[index].clip.get().patches == expected, "after a bad clip")
        }
    }

    @Test func givesUpAClipWithoutProgress() throws {
        let folder = try TemporaryFolder()
        let store = try Folder(path: folder.url.path, endless: "endless.ts", in: folder)
        _ = try folder.file("good.mp4", Data(contentsOf: URL(filePath: Golden.path("clips/b-frames.mp4"))))
        let options = ClipLoaderOptions(threads: 1, timeLimit: .seconds(3))
        let results = all(loader(store, ["endless.ts", "good.mp4"], options: options))
        guard case .failure(let failure) = results[0].clip else {
            Issue.record("read to the end")
            return
        }
        #expect(failure.kind == .hanging, "\(failure)")
        #expect(try results[1].clip.get().totalFrames == 40)
    }

    @Test func leavesNoThreadAndNoFileBehind() async throws {
        let folder = try TemporaryFolder()
        let store = try Folder(path: folder.url.path, endless: "endless.ts", in: folder)
        for name in Self.clips {
            _ = try folder.file(name, Data(contentsOf: URL(filePath: Golden.path("clips/" + name))))
        }
        _ = try folder.file("zero.mp4", [])
        _ = all(loader(store, Array(repeating: Self.clips + ["zero.mp4", "none.mp4"], count: 6).flatMap { $0 }))
        // Cancelled in the middle of a clip that would take for ever, and dropped before anything was taken.
        let stuck = loader(store, ["endless.ts", "endless.ts"], options: ClipLoaderOptions(threads: 2))
        stuck.cancel()
        #expect(stuck.next() == nil)
        _ = loader(store, Array(repeating: "b-frames.mp4", count: 50))
        while Self.threads() > 0 { await Task.yield() }
        #expect(Self.openFiles(below: folder.url.path) == [])
    }

    /// Threads of loaders in this process.
    private static func threads() -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.count { (try? String(contentsOfFile: "/proc/self/task/\($0)/comm", encoding: .utf8)) == "clips\n" }
    }

    private static func openFiles(below folder: String) -> [String] {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return descriptors.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        .filter { $0.hasPrefix(folder + "/") }
    }
}

/// A folder of clips, whatever lies there.
private struct Folder: ClipStore {
    static let golden = Folder(path: Golden.path("clips"))

    let path: String
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    func location(of name: String) -> ClipLocation? { .file(path: path + "/" + name) }
}

extension Folder {
    /// With a transport stream among the clips that goes on with a terabyte of nothing, where a demuxer looks for the next packet.
    fileprivate init(path: String, endless name: String, in folder: TemporaryFolder) throws {
        self.init(path: path)
        let stream = try folder.file(name, Data(contentsOf: URL(filePath: Golden.path("clips/transport.ts"))))
        try #require(truncate(stream, 1 << 40) == 0)
    }
}

private struct Members: ClipStore {
    let path: String
    let members: [String: Range<Int>]
    var names: [String] { members.keys.sorted() }

    func location(of name: String) -> ClipLocation? {
        members[name].map { .member(archive: path, offset: $0.lowerBound, byteCount: $0.count) }
    }
}
