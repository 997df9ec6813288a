/// Decides which compressed pictures of a stream are decoded.
///
/// A key frame needs no other picture. Where a camera is sampled more slowly than its key frames come, the pictures between
/// them are decoded for nothing: this leaves them out, and the frame nearest to each sampling instant is then chosen among key frames.
package struct KeyFrameFilter: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// Key frames alone, once they have proven to come at least twice in a sampling period.
        case auto
        case all
        case keyframes
    }

    package enum Verdict: Sendable, Equatable {
        case decode, drop
    }

    /// Groups of pictures in a row that must be short enough.
    private static let groups = 3

    private let periodNanoseconds: Int64
    private var mode: Mode
    private var lastKey: Int64?
    private var shortGroups = 0
    /// Whether pictures other than key frames are left out now.
    package private(set) var leavesOut: Bool

    /// - Parameter period: from one sampling instant to the next.
    package init(_ mode: Mode, period: Duration) {
        self.mode = mode
        periodNanoseconds = period.wholeNanoseconds
        leavesOut = mode == .keyframes
    }

    /// Decides about the next compressed picture, in decoding order.
    /// - Parameter time: of its presentation, nanoseconds; nil if unknown.
    package mutating func offer(isKey: Bool, time: Int64?) -> Verdict {
        guard isKey else { return leavesOut ? .drop : .decode }
        if mode == .auto { note(key: time) }
        return .decode
    }

    /// The stream begins anew: distances over the break mean nothing.
    package mutating func restart() {
        lastKey = nil
        shortGroups = 0
    }

    private mutating func note(key time: Int64?) {
        defer { lastKey = time }
        guard let time, let lastKey, time > lastKey else { return }
        let distance = time - lastKey
        if leavesOut {
            // An encoder whose groups grow with the quiet of the scene would leave gaps; it has shown what it does.
            if 4 * distance > 3 * periodNanoseconds { (mode, leavesOut) = (.all, false) }
            return
        }
        // Times are rounded on their way, and a camera's clock is not ours.
        let limit = periodNanoseconds / 2 + periodNanoseconds / 64
        shortGroups = distance <= limit ? shortGroups + 1 : 0
        leavesOut = shortGroups >= Self.groups
    }
}
