import Foundation
package import Recognizer

/// Reads the clips of a list on threads of its own, ahead of whoever takes them, and hands them out in the list's order.
///
/// Dropping it cancels it.
package final class ClipLoader: Sendable {
    private let queue: ClipLoaderQueue
    private let work: ClipLoaderWork

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - mean: of the model's input, R, G, B in 0...255; likewise `deviation`.
    ///   - plan: the views of the clip at a place of the list, given its number of frames. Called on the loader's threads, possibly
    ///     several times for a clip; must then answer the same.
    ///   - memory: where pictures of clips read before may lie.
    ///   - finish: changes the patches of the clip at a place of the list, (views, T, N, 3*P*P), on a loader's thread.
    package init(
        store: any ClipStore, entries: [ClipEntry], geometry: ModelGeometry, mean: [Float], deviation: [Float],
        options: ClipLoaderOptions = ClipLoaderOptions(), memory: ClipLoaderMemory? = nil,
        plan: @escaping @Sendable (_ index: Int, _ totalFrames: Int) -> [ClipView],
        finish: @escaping @Sendable (_ index: Int, _ patches: UnsafeMutablePointer<Float>) -> Void = { _, _ in }
    ) {
        queue = ClipLoaderQueue(count: entries.count, options: options)
        work = ClipLoaderWork(
            store: store, entries: entries, geometry: geometry, mean: mean, deviation: deviation, memory: memory,
            plan: plan, finish: finish)
        for _ in 0..<min(options.threads, options.ahead, entries.count) { Self.startThread(queue, work) }
    }

    deinit { cancel() }

    /// The next clip of the list, waiting for it; nil after the last one, or once cancelled. One thread at a time.
    package func next() -> (index: Int, clip: Result<DecodedClip, ClipFailure>)? {
        queue.next { Self.startThread(queue, work) }
    }

    /// Ends all reading, and returns when that is done; a decoder that is stuck is left behind. From any thread; not from
    /// within `plan`.
    package func cancel() { queue.cancel() }

    private static func startThread(_ queue: ClipLoaderQueue, _ work: ClipLoaderWork) {
        queue.enter()
        let thread = Thread {
            let reader = ClipLoaderReader(work)
            while let (index, watch) = queue.begin() {
                guard queue.finish(index, watch: watch, reader.read(index, watch: watch)) else { return }
            }
            queue.leave()
        }
        thread.name = "clips"
        // Some decoders keep whole rows of a picture on the stack; half a megabyte, Foundation's own choice, is little.
        thread.stackSize = 4 << 20
        thread.start()
    }
}
