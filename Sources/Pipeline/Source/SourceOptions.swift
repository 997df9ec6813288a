/// How a source is opened and watched.
package struct SourceOptions: Sendable, Equatable {
    /// Threads that one decoder may start; 0 leaves the number to the decoder. One each is best for several cameras.
    package var decoderThreads = 1
    /// Whether a hardware decoder may be used.
    package var decoder = DecoderChoice.Preference.auto
    /// Which compressed pictures are decoded. For `auto` `samplingPeriod` must be set.
    package var decode = KeyFrameFilter.Mode.all
    /// Stream time from one frame that is wanted to the next.
    package var samplingPeriod: Duration = .zero
    /// How long RTP packets are kept to put them in order.
    package var latency: Duration = .milliseconds(200)
    /// Whether the certificate of `rtsps` and `https` must be valid. Cameras that sign their own need false.
    package var verifiesCertificate = true
    package var limits = SupervisionLimits()

    package init() {}
}

/// How long a source may be silent, and when it is tried again.
package struct SupervisionLimits: Sendable, Equatable {
    /// Live: from opening to the first frame; also the limit of each network operation. The promise is 10 s, noticing included.
    package var opening: Duration = .seconds(9)
    /// Live: without a frame for this long the camera is `stalled`.
    package var stalled: Duration = .seconds(5)
    /// Live: without a frame for this long the connection is built anew.
    package var rebuild: Duration = .seconds(10)
    /// File: without a frame for this long it ends with an error.
    package var fileSilence: Duration = .seconds(30)
    /// Wait after a refused password; long, so that the account is not locked.
    package var authRetry: Duration = .seconds(60)
    package var retry: ClosedRange<Duration> = .seconds(1)...(.seconds(60))
    /// A stream that lasted this long makes the next wait start from the shortest again.
    package var stable: Duration = .seconds(60)

    package init() {}
}
