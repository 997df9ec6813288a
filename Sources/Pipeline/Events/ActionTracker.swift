import Foundation

/// Turns one camera's window scores into events: smoothing, hysteresis, `hold`, and what happens when the camera goes.
///
/// Runs on stream time alone. A window's label describes its span, so an action is taken to begin and end at the centres
/// of windows: the estimate with the least bias.
package struct ActionTracker: Sendable {
    package struct Label: Sendable, Equatable {
        package let name: String
        package let rules: EventRules
        /// Competes for the score but never raises an event.
        package let ignored: Bool

        package init(name: String, rules: EventRules, ignored: Bool = false) {
            self.name = name
            self.rules = rules
            self.ignored = ignored
        }
    }

    private struct Window {
        var start: StreamTime
        var end: StreamTime
        var centre: StreamTime { start + (end - start) / 2 }
    }

    /// Windows at or above `enter` that have not made an event yet.
    private struct Run {
        var count: Int
        var start: StreamTime
        var top: Double
    }

    private struct Open {
        var start: StreamTime
        var lastAbove: StreamTime
        var belowSince: StreamTime?
        var top: Double
        var reportedTop: Double
        var reportedAt: StreamTime
    }

    private struct Track {
        var smoothed: Double?
        var run: Run?
        var open: Open?
    }

    /// A new peak is told when it is this much above the last one told.
    private static let peakStep = 0.01
    /// Windows further apart than this, or than two spans if that is longer, are not in a row.
    private static let longestBreak = Duration.seconds(5)

    package let labels: [Label]
    private var tracks: [Track]
    private var latest: Window?
    private var lostSince: StreamTime?
    private var isLost = false

    /// Windows dropped because a score was not finite.
    package private(set) var invalidWindows = 0
    /// How many of them came in a row just now.
    package private(set) var invalidWindowsInARow = 0

    /// One track per class, in the order of the scores.
    package init(labels: [Label]) {
        self.labels = labels
        tracks = Array(repeating: Track(), count: labels.count)
    }

    /// Takes in a window's scores `(C)`, each 0...1, and returns what they change: ends, then updates, then beginnings.
    ///
    /// - Precondition: one score per label.
    package mutating func observe(start: StreamTime, end: StreamTime, scores: [Float]) -> [Transition] {
        precondition(scores.count == labels.count, "\(scores.count) scores for \(labels.count) labels")
        guard scores.allSatisfy(\.isFinite) else {
            invalidWindows += 1
            invalidWindowsInARow += 1
            return []
        }
        invalidWindowsInARow = 0
        let window = Window(start: start, end: end)
        let before = latest
        if let before, start - before.end > max(Self.longestBreak, (end - start) * 2) { forgetRuns() }
        latest = window
        isLost = false
        lostSince = nil

        var transitions: [Transition] = []
        for index in labels.indices where !labels[index].ignored {
            let score = smooth(Double(scores[index]), label: index, elapsed: before.map { end - $0.end })
            if let transition = advance(index, score: score, window: window) { transitions.append(transition) }
        }
        return transitions.count < 2 ? transitions : transitions.sorted { $0.kind.rank < $1.kind.rank }
    }

    /// The camera is gone. `since` is the time of its last frame; `tick` ends the open events once `hold` has passed.
    /// A camera that flickers without ever giving a window counts as gone since its first loss.
    package mutating func cameraLost(since time: StreamTime) {
        isLost = true
        lostSince = min(lostSince ?? time, time)
        forgetRuns()
    }

    /// The camera is back: open events go on.
    package mutating func cameraReturned() {
        isLost = false
    }

    /// Ends what a lost camera has left open for longer than `hold`.
    package mutating func tick(now: StreamTime) -> [Transition] {
        guard isLost, let lostSince else { return [] }
        return close(reason: .cameraLost) { now - lostSince >= $0.hold }
    }

    /// Ends all that is open and forgets what was smoothed.
    package mutating func closeAll(reason: ActionEvent.EndReason) -> [Transition] {
        let transitions = close(reason: reason) { _ in true }
        tracks = Array(repeating: Track(), count: labels.count)
        return transitions
    }

    private mutating func close(
        reason: ActionEvent.EndReason, where condition: (EventRules) -> Bool
    ) -> [Transition] {
        guard let latest else { return [] }
        return tracks.indices.compactMap { index in
            guard let open = tracks[index].open, condition(labels[index].rules) else { return nil }
            let score = tracks[index].smoothed ?? 0
            tracks[index] = Track()
            return transition(.end, index, open: open, score: score, window: latest, reason: reason)
        }
    }

    private mutating func smooth(_ score: Double, label index: Int, elapsed: Duration?) -> Double {
        let constant = labels[index].rules.smoothing.inSeconds
        var smoothed = score
        if constant > 0, let elapsed, let previous = tracks[index].smoothed {
            let weight = 1 - exp(-max(0, elapsed.inSeconds) / constant)
            smoothed = previous + weight * (score - previous)
        }
        tracks[index].smoothed = smoothed
        return smoothed
    }

    private mutating func advance(_ index: Int, score: Double, window: Window) -> Transition? {
        if let open = tracks[index].open { return goOn(index, open: open, score: score, window: window) }
        let rules = labels[index].rules
        guard score >= rules.enter else {
            tracks[index].run = nil
            return nil
        }
        var run = tracks[index].run ?? Run(count: 0, start: window.centre, top: score)
        run.count += 1
        run.top = max(run.top, score)
        guard run.count >= rules.minWindows else {
            tracks[index].run = run
            return nil
        }
        let open = Open(
            start: run.start, lastAbove: window.centre, belowSince: nil, top: run.top, reportedTop: run.top,
            reportedAt: window.end)
        tracks[index].run = nil
        tracks[index].open = open
        return transition(.new, index, open: open, score: score, window: window, reason: nil)
    }

    private mutating func goOn(_ index: Int, open: Open, score: Double, window: Window) -> Transition? {
        var open = open
        let rules = labels[index].rules
        guard score >= rules.exit else {
            let since = open.belowSince ?? window.end
            open.belowSince = since
            let isOver = window.end - since >= rules.hold
            tracks[index].open = isOver ? nil : open
            return isOver ? transition(.end, index, open: open, score: score, window: window, reason: .score) : nil
        }
        open.belowSince = nil
        open.lastAbove = max(open.lastAbove, window.centre)
        open.top = max(open.top, score)
        let isPeak = open.top >= open.reportedTop + Self.peakStep
        let isDue = rules.updateEvery.map { window.end - open.reportedAt >= $0 } ?? false
        if isPeak || isDue {
            open.reportedTop = open.top
            open.reportedAt = window.end
        }
        tracks[index].open = open
        return isPeak || isDue ? transition(.update, index, open: open, score: score, window: window, reason: nil) : nil
    }

    private mutating func forgetRuns() {
        for index in tracks.indices { tracks[index].run = nil }
    }

    private func transition(
        _ kind: ActionEvent.Kind, _ index: Int, open: Open, score: Double, window: Window,
        reason: ActionEvent.EndReason?
    ) -> Transition {
        Transition(
            kind: kind, label: labels[index].name, score: score, topScore: open.top, start: open.start,
            end: kind == .end ? open.lastAbove : nil, windowStart: window.start, windowEnd: window.end, reason: reason)
    }
}

extension ActionEvent.Kind {
    /// Order of the messages that one window makes: one action ends before another begins.
    fileprivate var rank: Int {
        switch self {
        case .end: 0
        case .update: 1
        case .new: 2
        }
    }
}
