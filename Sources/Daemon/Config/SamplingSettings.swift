import Pipeline

/// Which frames are looked at, on the stream's own clock.
struct SamplingSettings: Sendable, Equatable {
    /// Stream time from one frame to the next.
    var every: Duration = .milliseconds(300)
    /// Frames from one window to the next.
    var hop = 1

    static let keys = ["every", "hop"]

    /// What `reader` does not say is taken from `inherited`.
    init(_ reader: SettingsReader?, inherited: SamplingSettings = SamplingSettings()) throws {
        self = inherited
        guard let reader else { return }
        if let every = try reader.duration("every", in: .milliseconds(10)...(.seconds(3600))) { self.every = every }
        if let hop = try reader.integer("hop", in: 1...1024) { self.hop = hop }
    }

    init() {}
}
