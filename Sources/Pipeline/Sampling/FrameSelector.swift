/// Chooses the frame nearest to each sampling instant `origin + k * period` of a stream.
///
/// The origin is the first frame after a restart. Which frame is nearest is known only when the next one comes, so the
/// selector always decides about the frame before: the caller keeps that one frame and maps it only when it is taken.
///
///     let decision = selector.offer(frame.presentationTime, capsGeneration: frame.capsGeneration, epoch: clock.epoch)
///     if let held, decision.taken > 0 { append held `decision.taken` times }
///     if decision.restart != nil { assembler.restart() }
///     held = frame
///
/// Two frames more than 1.5 periods apart restart the window. A camera slower than one frame each 1.5 periods therefore
/// never fills a window; `gapsInARow` grows with every frame then, and whoever watches it should say so.
package struct FrameSelector: Sendable {
    package enum Restart: Sendable, Equatable {
        case gap, backwards, caps, epoch
    }

    /// What to do about the held frame, then about the window.
    package struct Decision: Sendable, Equatable {
        /// For how many sampling instants the held frame stands; two when frames are slower than the period.
        package let taken: Int
        /// Set when the offered frame shares no window with the held one: restart after taking.
        package let restart: Restart?

        package init(taken: Int, restart: Restart? = nil) {
            self.taken = taken
            self.restart = restart
        }
    }

    private struct Held {
        var nanoseconds: Int64
        /// Distance to the frame before; zero when there is none.
        var interval: Int64
        var capsGeneration: Int
        var epoch: Int
    }

    /// Two distances this close are equal: timestamps are rounded on their way.
    private static let tieNanoseconds: Int64 = 1_000

    private let periodNanoseconds: Int64
    private var held: Held?
    private var origin: Int64 = 0
    private var nextInstant: Int64 = 0
    /// How many successive frames, the latest included, each came more than 1.5 periods after the one before.
    package private(set) var gapsInARow = 0

    /// - Precondition: `period` is longer than zero.
    package init(period: Duration) {
        precondition(period > .zero, "the sampling period must be longer than zero")
        periodNanoseconds = period.wholeNanoseconds
    }

    /// Decides about the held frame, given the next; the offered frame is the held one from here on.
    package mutating func offer(_ time: StreamTime, capsGeneration: Int, epoch: Int) -> Decision {
        let next = time.nanoseconds
        guard let held else {
            begin(at: next, capsGeneration: capsGeneration, epoch: epoch)
            return Decision(taken: 0)
        }
        let interval = next &- held.nanoseconds
        if let restart = restart(held, interval: interval, capsGeneration: capsGeneration, epoch: epoch) {
            gapsInARow = restart == .gap ? gapsInARow + 1 : 0
            let decision = Decision(taken: takeLast(held), restart: restart)
            begin(at: next, capsGeneration: capsGeneration, epoch: epoch)
            return decision
        }
        gapsInARow = 0
        let taken = takeInstants(within: interval, of: held)
        self.held = Held(nanoseconds: next, interval: interval, capsGeneration: capsGeneration, epoch: epoch)
        return Decision(taken: taken)
    }

    /// Decides about the last frame of a stream. Offering another frame afterwards starts anew.
    package mutating func finish() -> Decision {
        guard let held else { return Decision(taken: 0) }
        self.held = nil
        return Decision(taken: takeLast(held))
    }

    private func restart(_ held: Held, interval: Int64, capsGeneration: Int, epoch: Int) -> Restart? {
        if epoch != held.epoch { return .epoch }
        if capsGeneration != held.capsGeneration { return .caps }
        if interval < 0 { return .backwards }
        return interval > periodNanoseconds + periodNanoseconds / 2 ? .gap : nil
    }

    private mutating func begin(at time: Int64, capsGeneration: Int, epoch: Int) {
        origin = time
        nextInstant = 0
        held = Held(nanoseconds: time, interval: 0, capsGeneration: capsGeneration, epoch: epoch)
    }

    /// Nothing follows that could be nearer, so the stream is taken to go on at its latest interval.
    private mutating func takeLast(_ held: Held) -> Int {
        takeInstants(within: held.interval, of: held)
    }

    /// The instants that are nearer to `held` than to a frame `interval` nanoseconds later.
    private mutating func takeInstants(within interval: Int64, of held: Held) -> Int {
        let middle = 2 * (held.nanoseconds &- origin) + interval
        var taken = 0
        while true {
            let distance = 2 * nextInstant * periodNanoseconds - middle
            guard distance < -Self.tieNanoseconds || distance <= Self.tieNanoseconds && !goesToTheLater(interval)
            else { return taken }
            nextInstant += 1
            taken += 1
        }
    }

    /// Which of two frames that are equally near the next instant is taken: the one that a script takes which numbers frames by
    /// rounding `instant * seconds * rate` to even, in double precision, so that scores can be compared with such a script's. Where
    /// frames come at no steady rate, the earlier.
    private func goesToTheLater(_ interval: Int64) -> Bool {
        let rate = 1e9 / Double(max(interval, 1))
        let nominal = abs(rate - rate.rounded()) < 1e-3 ? rate.rounded() : rate
        let place = Double(nextInstant) * (Double(periodNanoseconds) / 1e9) * nominal
        let isBetween = abs(place - place.rounded(.down) - 0.5) < 1e-6
        return isBetween && place.rounded(.toNearestOrEven) > place
    }
}
