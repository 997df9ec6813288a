import Foundation
import Synchronization

/// The drawn data set: fifteen actions of one figure, some of which differ only in the order of their frames.
package struct SynthDataset: Sendable {
    package let clipsPerClass: Int
    package let valPerClass: Int
    package let seed: UInt64
    /// Whether half of the figures walk backwards, so that no frame shows by itself where they go.
    package let mixesWalks: Bool

    /// How the clips lie in the folder.
    package enum Form: Sendable {
        /// As files in `videos`.
        case folder
        /// In `videos.tar`.
        case archive

        package var name: String { self == .folder ? "videos" : "videos.tar" }
    }

    /// Whether all was written, or nothing since it was stopped.
    package enum Outcome: Sendable {
        case written, stopped
    }

    /// - Precondition: at least one clip of each class for both lists.
    package init(clipsPerClass: Int, valPerClass: Int, seed: UInt64, mixesWalks: Bool = false) {
        precondition(clipsPerClass > 0 && valPerClass > 0, "\(clipsPerClass) and \(valPerClass) clips of a class")
        self.clipsPerClass = clipsPerClass
        self.valPerClass = valPerClass
        self.seed = seed
        self.mixesWalks = mixesWalks
    }

    /// In the order of the lists.
    package func clips(_ split: SynthClip.Split) -> [SynthClip] {
        (0..<(split == .train ? clipsPerClass : valPerClass)).flatMap { index in
            SynthAction.allCases.map { SynthClip(split, $0, index: index) }
        }
    }

    /// `labels.csv` and the two lists.
    package var annotations: AnnotatedDataset {
        AnnotatedDataset(
            labels: SynthAction.allCases.map(\.label),
            lists: SynthClip.Split.allCases.map { split in
                AnnotatedDataset.List(
                    name: split.rawValue,
                    entries: clips(split).map { ClipEntry(name: $0.name, classes: [$0.action.rawValue]) })
            })
    }

    /// Draws and encodes every clip, several at a time, and writes a new folder: all of it or nothing.
    ///
    /// - Parameters:
    ///   - isStopped: asked before each clip, from any thread.
    ///   - progress: called after each clip, from any thread.
    /// - Throws: `DatasetError` if the folder exists and is not empty or cannot be written, `PipelineError` if GStreamer cannot
    ///   encode.
    package func write(
        to path: String, as form: Form, threads: Int, isStopped: @Sendable () -> Bool,
        progress: @Sendable (_ done: Int, _ total: Int) -> Void
    ) throws -> Outcome {
        try NewFolder.requireUnused(path)
        _ = try VideoFileWriter.encoder()
        let folder = try NewFolder(path)
        try annotations.write(into: folder)
        let clips = SynthClip.Split.allCases.flatMap(self.clips)
        let videos = SynthDataset.Form.folder.name
        try folder.makeFolder(videos)
        let place = folder.path(of: videos)
        guard try encode(clips, in: place, threads: threads, isStopped: isStopped, progress: progress) else {
            return .stopped
        }
        if form == .archive { try Self.pack(clips, from: place, into: folder.path(of: form.name)) }
        try folder.commit()
        return .written
    }

    /// False if it was stopped.
    private func encode(
        _ clips: [SynthClip], in place: String, threads: Int, isStopped: @Sendable () -> Bool,
        progress: @Sendable (Int, Int) -> Void
    ) throws -> Bool {
        let failure = Mutex<(any Error)?>(nil)
        let done = Atomic(0)
        ParallelIndices.forEach(clips.count, threads: threads, make: {}) { index, _ in
            guard !isStopped(), failure.withLock({ $0 == nil }) else { return }
            do {
                try encode(clips[index], to: "\(place)/\(clips[index].name)")
                progress(done.add(1, ordering: .relaxed).newValue, clips.count)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return done.load(ordering: .relaxed) == clips.count
    }

    private func encode(_ clip: SynthClip, to path: String) throws {
        let format = VideoFileWriter.Format(
            width: SynthPicture.side, height: SynthPicture.side, framesPerSecond: SynthClip.framesPerSecond)
        let file = try VideoFileWriter(path, format: format)
        try clip.draw(seed: seed, mixesWalks: mixesWalks) { try file.append($0) }
        try file.finish()
    }

    /// Moves the files into an archive, and removes their folder.
    private static func pack(_ clips: [SynthClip], from place: String, into path: String) throws {
        let archive = try TarWriter(path)
        for clip in clips {
            let file = try PlainFile("\(place)/\(clip.name)")
            try archive.append(file.read(at: 0, count: file.identity.byteCount), as: clip.name)
        }
        try archive.finish()
        try FileManager.default.removeItem(atPath: place)
    }
}
