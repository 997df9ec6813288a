import Pipeline

/// Whether windows without motion are scored: `off`, `motion`, or `{motion: LEVELS}`.
struct GateSettings: Sendable, Equatable {
    /// Nil: every window is scored.
    var motionThreshold: Double?

    static let off = GateSettings()

    private static let keys = ["motion"]

    /// Reads the key `gate`; what `reader` does not say is taken from `inherited`.
    init(_ reader: SettingsReader, inherited: GateSettings) throws {
        guard let node = reader.node("gate") else {
            self = inherited
            return
        }
        switch node {
        case .scalar("off", _, _): motionThreshold = nil
        case .scalar("motion", _, _): motionThreshold = MotionGate.usualThreshold
        case .mapping:
            let block = try reader.block("gate", keys: Self.keys)
            guard let levels = try block?.number("motion", in: 0...255) else {
                throw reader.error("gate", "expected {motion: LEVELS}, found an empty mapping")
            }
            motionThreshold = levels
        case .scalar, .sequence:
            throw reader.error("gate", "expected off, motion or {motion: LEVELS}, found \(node.summary)")
        }
    }

    private init() {}
}
