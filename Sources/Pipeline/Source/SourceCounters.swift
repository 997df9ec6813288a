/// What a source has counted since its start.
package struct SourceCounters: Sendable, Equatable {
    /// Frames handed to the handler.
    package var frames = 0
    /// Frames that the decoder marked as damaged; never handed on.
    package var corrupt = 0
    /// Frames without a presentation time; never handed on.
    package var untimed = 0
    /// Times that a lost or failed stream was opened again.
    package var reconnects = 0
    /// Times that a hardware decoder failed before its first picture and software took its place.
    package var hardwareFailures = 0
    package var lastError: PipelineError?

    package init() {}
}
