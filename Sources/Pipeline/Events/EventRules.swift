/// When a label's scores become an event, and when the event ends.
package struct EventRules: Sendable, Equatable {
    /// An event begins once the smoothed score is at or above this for `minWindows` windows in a row, 0...1.
    package var enter: Double
    /// An event ends once the smoothed score has been below this for `hold`, 0...1.
    package var exit: Double
    package var minWindows: Int
    package var hold: Duration
    /// Time constant of the exponential moving average over stream time. Zero, the default, is off: windows that overlap
    /// are averages already, and smoothing them again only makes events late.
    package var smoothing: Duration
    /// An open event is reported again after this much stream time; nil for new peaks only.
    package var updateEvery: Duration?

    package init(
        enter: Double = 0.6, exit: Double = 0.4, minWindows: Int = 2, hold: Duration = .seconds(1),
        smoothing: Duration = .zero, updateEvery: Duration? = .seconds(5)
    ) {
        self.enter = enter
        self.exit = exit
        self.minWindows = minWindows
        self.hold = hold
        self.smoothing = smoothing
        self.updateEvery = updateEvery
    }

    /// Throws `EventRulesError` for the first value that cannot be.
    package func validate() throws(EventRulesError) {
        guard (0...1).contains(enter) else {
            throw EventRulesError(key: "enter", reason: "\(enter) is not in 0...1")
        }
        guard (0...1).contains(exit) else {
            throw EventRulesError(key: "exit", reason: "\(exit) is not in 0...1")
        }
        guard exit < enter else {
            throw EventRulesError(key: "exit", reason: "\(exit) must be below enter, which is \(enter)")
        }
        guard minWindows >= 1 else {
            throw EventRulesError(key: "min_windows", reason: "\(minWindows) is less than 1")
        }
        guard hold >= .zero else {
            throw EventRulesError(key: "hold", reason: "\(hold) is negative")
        }
        guard smoothing >= .zero else {
            throw EventRulesError(key: "smoothing", reason: "\(smoothing) is negative")
        }
        if let updateEvery, updateEvery <= .zero {
            throw EventRulesError(key: "update_every", reason: "\(updateEvery) is not longer than zero")
        }
    }

    /// These rules with whatever one action says otherwise.
    package func overridden(by action: ActionRules) -> EventRules {
        EventRules(
            enter: action.enter ?? enter, exit: action.exit ?? exit, minWindows: action.minWindows ?? minWindows,
            hold: action.hold ?? hold, smoothing: action.smoothing ?? smoothing,
            updateEvery: action.updateEvery ?? updateEvery)
    }
}

/// What one action says otherwise than the camera's rules; nil keeps the camera's.
package struct ActionRules: Sendable, Equatable {
    package var enter: Double?
    package var exit: Double?
    package var minWindows: Int?
    package var hold: Duration?
    package var smoothing: Duration?
    package var updateEvery: Duration?

    package init(
        enter: Double? = nil, exit: Double? = nil, minWindows: Int? = nil, hold: Duration? = nil,
        smoothing: Duration? = nil, updateEvery: Duration? = nil
    ) {
        self.enter = enter
        self.exit = exit
        self.minWindows = minWindows
        self.hold = hold
        self.smoothing = smoothing
        self.updateEvery = updateEvery
    }
}

/// A value of `EventRules` that cannot be, under its key in the configuration.
package struct EventRulesError: Error, Equatable, CustomStringConvertible {
    package let key: String
    package let reason: String

    package init(key: String, reason: String) {
        self.key = key
        self.reason = reason
    }

    package var description: String { "\(key): \(reason)" }
}
