package import Recognizer

/// A decoded frame kept by reference until it is mapped; cheap to hold, expensive to hold many of.
package protocol HeldFrame: AnyObject, Sendable {
    /// The buffer's presentation time on the source's own clock, within its epoch.
    var presentationTime: StreamTime { get }
    /// Changes whenever the pictures' size, format or colours do.
    var capsGeneration: Int { get }
    /// Maps the picture and lends it. Throws `PipelineError` if it cannot be mapped.
    func withPixels<R>(_ body: (PixelFrame) throws -> R) throws -> R
}

/// What a source tells, in order, one at a time, on a thread of its own choosing.
package enum SourceEvent: Sendable {
    /// A decoded frame. Corrupt frames never come; they are counted.
    case frame(any HeldFrame)
    /// A seek, a reconnect or a flush: whatever follows is a new epoch and shares no window with what came before.
    case newEpoch
    case state(CameraState, reason: String?)
    /// A source that ends by itself (a file) is done; nothing follows. `error` is nil at a regular end.
    case ended(error: PipelineError?)
}

/// A video stream that keeps itself alive.
package protocol FrameSource: AnyObject, Sendable {
    /// True when frames come at the camera's pace; a file is read as fast as `handler` returns.
    var isLive: Bool { get }
    /// Begins to deliver. Called once. `handler` may block a file source and must not block a live one.
    func start(_ handler: @escaping @Sendable (SourceEvent) -> Void)
    /// Stops and returns when no further call of `handler` is under way or to come.
    func stop()
}
