import Pipeline

/// When scores become events. All times are stream time.
struct EventSettings: Sendable, Equatable {
    /// Smoothed score at or above which a window counts towards an event, 0...1.
    var enter = 0.6
    /// Smoothed score below which an event is on its way out; lower than `enter`.
    var exit = 0.4
    /// Windows in a row at or above `enter` that begin an event.
    var minWindows = 2
    /// Time below `exit` after which an event ends.
    var hold: Duration = .seconds(1)
    /// Time constant of the scores' moving average; zero is off.
    var smoothing: Duration = .zero
    /// Longest time without an `update` of an open event.
    var updateEvery: Duration = .seconds(5)

    static let keys = ["enter", "exit", "min_windows", "hold", "smoothing", "update_every"]

    init() {}

    /// What `reader` does not say is taken from `inherited`.
    init(_ reader: SettingsReader?, inherited: EventSettings = EventSettings()) throws {
        self = inherited
        guard let reader else { return }
        let own = try EventOverrides(reader)
        self = own.applied(to: self)
        if let smoothing = try reader.duration("smoothing", in: .zero...(.seconds(3600))) { self.smoothing = smoothing }
        if let every = try reader.duration("update_every", in: .milliseconds(100)...(.seconds(86_400))) {
            updateEvery = every
        }
        if let reason = contradiction { throw reader.error(reader.has("exit") ? "exit" : "enter", reason) }
    }

    /// Why `enter` and `exit` cannot work together, if they cannot.
    var contradiction: String? {
        exit < enter ? nil : "exit (\(exit)) must be below enter (\(enter))"
    }
}

/// The part of the event rules that a single action may change.
struct EventOverrides: Sendable, Equatable {
    var enter: Double?
    var exit: Double?
    var minWindows: Int?
    var hold: Duration?

    static let keys = ["enter", "exit", "min_windows", "hold"]

    init() {}

    init(_ reader: SettingsReader) throws {
        enter = try reader.number("enter", in: 0...1)
        exit = try reader.number("exit", in: 0...1)
        minWindows = try reader.integer("min_windows", in: 1...1000)
        hold = try reader.duration("hold", in: .zero...(.seconds(86_400)))
    }

    func applied(to settings: EventSettings) -> EventSettings {
        var result = settings
        result.enter = enter ?? result.enter
        result.exit = exit ?? result.exit
        result.minWindows = minWindows ?? result.minWindows
        result.hold = hold ?? result.hold
        return result
    }
}
