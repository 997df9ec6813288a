import Foundation
package import Recognizer

/// The loop of an evaluation: clips as they are read go through the model, and what comes of each is kept and written down
/// before the next.
///
/// Each thread has a session, and a clip is one thread's from beginning to end. So its numbers are the same however many
/// threads there are, which a product split over threads does not give: float32 sums end differently.
package struct EvaluationRun: Sendable {
    package typealias Read = (index: Int, clip: Result<DecodedClip, ClipFailure>)

    /// Where each clip's features go.
    package let store: FeatureStore
    /// What makes the run resumable, if anything.
    package let journal: EvaluationJournal?
    /// Places in the list of the clips to be read, in the order in which they come.
    package let places: [Int]
    package let views: ViewProtocol

    package init(store: FeatureStore, journal: EvaluationJournal?, places: [Int], views: ViewProtocol) {
        self.store = store
        self.journal = journal
        self.places = places
        self.views = views
    }

    /// Runs until `next` has no more clips: all of `places`, or fewer when reading was cancelled. Blocks its thread.
    ///
    /// - Parameters:
    ///   - makeSession: called on each thread: one with at least `ClipEncoder.capacity`, on a pool of one worker.
    ///   - next: `index` counts within `places`. Called by one thread at a time.
    ///   - name: of a clip by its place in the list, for errors.
    ///   - progress: called behind each clip, by one thread at a time, with how many are done and how many of these could
    ///     not be read.
    /// - Returns: how many clips are done, and seconds of wall-clock time.
    /// - Throws: what `makeSession` throws, `EvaluationError` when the journal cannot be written, `RecognizerError.nonFinite` when the model gives no
    ///   numbers.
    package func run(
        threads: Int, makeSession: @escaping @Sendable () throws -> RecognizerSession,
        next: @escaping @Sendable () -> Read?,
        name: @escaping @Sendable (Int) -> String,
        progress: @escaping @Sendable (_ done: Int, _ unreadable: Int) -> Void
    ) throws -> (done: Int, seconds: Double) {
        let work = Work(run: self, next: next, name: name, progress: progress)
        let group = DispatchGroup()
        for _ in 0..<threads {
            group.enter()
            let thread = Thread {
                work.encode(makeSession)
                group.leave()
            }
            thread.name = "eval"
            thread.stackSize = 8 << 20
            thread.start()
        }
        group.wait()
        return try work.finish()
    }
}

/// What the threads of a run share.
///
/// `@unchecked Sendable`: everything that changes is guarded by `lock`, and `next` is called with `order` locked.
private final class Work: @unchecked Sendable {
    private let run: EvaluationRun
    private let next: @Sendable () -> EvaluationRun.Read?
    private let name: @Sendable (Int) -> String
    private let progress: @Sendable (Int, Int) -> Void
    private let order = NSLock()
    private let lock = NSLock()
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var done = 0
    private var unreadable = 0
    private var failure: (any Error)?

    init(
        run: EvaluationRun, next: @escaping @Sendable () -> EvaluationRun.Read?,
        name: @escaping @Sendable (Int) -> String,
        progress: @escaping @Sendable (Int, Int) -> Void
    ) {
        self.run = run
        self.next = next
        self.name = name
        self.progress = progress
    }

    func encode(_ makeSession: () throws -> RecognizerSession) {
        let encoder: ClipEncoder
        do {
            encoder = ClipEncoder(session: try makeSession(), views: run.views)
        } catch {
            return lock.withLock { failure = failure ?? error }
        }
        while lock.withLock({ failure == nil }), let read = order.withLock({ next() }) {
            let place = run.places[read.index]
            let features: Result<[Float], ClipFailure> = read.clip.map { encoder.features(of: $0) }
            lock.withLock {
                do {
                    try keep(features, of: place)
                } catch {
                    failure = failure ?? error
                }
            }
        }
    }

    private func keep(_ features: Result<[Float], ClipFailure>, of place: Int) throws {
        let now = ContinuousClock.now
        let seconds = (now - last) / .seconds(1)
        last = now
        switch features {
        case .success(let features):
            guard features.allSatisfy(\.isFinite) else {
                throw RecognizerError.nonFinite(tensor: "video_features of \(name(place))")
            }
            try features.withUnsafeBufferPointer { features in
                run.store.keep(features, of: place)
                try run.journal?.append(features, of: place, seconds: seconds)
            }
        case .failure(let failure):
            unreadable += 1
            run.store.keep(failure, of: place)
        }
        done += 1
        progress(done, unreadable)
    }

    func finish() throws -> (done: Int, seconds: Double) {
        run.journal?.flush()
        if let failure { throw failure }
        return (done, (last - start) / .seconds(1))
    }
}
