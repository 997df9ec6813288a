import Foundation
package import Recognizer

/// Cameras in, reports out: sources, feeds, mailbox and the inference thread of one model.
package final class VideoPipeline: Sendable {
    /// What a camera gives; `report`s in the camera's own order, then, for a source that ends, one `ended`.
    package enum Output: Sendable {
        case report(CameraReport)
        case ended(PipelineError?)
        case trouble(FeedTrouble)
        /// The model gives no finite scores any more.
        case broken(reason: String)
    }

    /// Picture buffers of a camera: a live one that is this far behind loses frames.
    private static let buffersPerCamera = 4

    package let counters: EngineCounters
    private let sources: [any FrameSource]
    private let feeds: [CameraFeed]
    private let mailbox: Mailbox
    private let engine: InferenceEngine
    private let stopped = DispatchSemaphore(value: 0)

    /// How much a session must hold for so many cameras.
    package static func capacity(cameras: Int, geometry: ModelGeometry) -> VisionCapacity {
        let frames = min(max(cameras, 8), 32)
        return VisionCapacity(
            frames: frames, windows: min(max(cameras, 1), 4),
            slots: InferenceEngine.slots(cameras: cameras, frames: geometry.frames, batch: frames))
    }

    /// - Parameters:
    ///   - sources: one per plan.
    ///   - session: with at least `capacity(cameras:geometry:)`.
    ///   - mean: of the model's input, R, G, B in 0...255; likewise `deviation`.
    ///   - output: called from the cameras' threads and the inference thread; must not block for long.
    package init(
        plans: [CameraPlan], sources: [any FrameSource], session: sending RecognizerSession, mean: [Float],
        deviation: [Float], output: @escaping @Sendable (_ camera: Int, Output) -> Void
    ) {
        precondition(plans.count == sources.count, "\(plans.count) plans for \(sources.count) sources")
        let geometry = session.geometry
        let live = sources.map(\.isLive)
        let rhythms = zip(plans, live).compactMap { $1 ? (period: $0.period, hop: $0.hop) : nil }
        let mailbox = Mailbox(
            live: live, valuesPerFrame: geometry.patches * geometry.patchValues, depth: Self.buffersPerCamera,
            patience: BatchPatience(rhythms: rhythms, batch: session.capacity.frames))
        self.mailbox = mailbox
        self.sources = sources
        counters = EngineCounters(cameras: plans.count)
        feeds = plans.indices.map { index in
            CameraFeed(
                camera: index, plan: plans[index], isLive: live[index], mailbox: mailbox,
                preprocessor: FramePreprocessor(
                    imageSize: geometry.imageSize, patchSize: geometry.patchSize, mean: mean, deviation: deviation)
            ) { output(index, .trouble($0)) }
        }
        engine = InferenceEngine(
            session: session, plans: plans, live: live, mailbox: mailbox, counters: counters,
            cells: BrightnessCells(geometry: geometry, deviation: deviation), output: output)
    }

    /// Starts inference, then every source. Called once.
    package func start() {
        let thread = Thread { [engine, stopped] in
            engine.run()
            stopped.signal()
        }
        thread.name = "claverd-infer"
        thread.stackSize = 8 << 20
        thread.start()
        for (source, feed) in zip(sources, feeds) { source.start { feed.handle($0) } }
    }

    /// Stops intake and inference; returns when no further output comes. Called once, after `start`.
    package func stop() {
        // Closing the mailbox first frees a file's thread that waits for a buffer.
        mailbox.close()
        // All at once: each may take most of a second.
        let sourcesStopped = DispatchGroup()
        for source in sources {
            sourcesStopped.enter()
            Thread {
                source.stop()
                sourcesStopped.leave()
            }.start()
        }
        sourcesStopped.wait()
        stopped.wait()
    }

    /// Frames of a camera lost because inference was too slow.
    package func droppedFrames(camera: Int) -> Int { mailbox.dropped(camera: camera) }
}
