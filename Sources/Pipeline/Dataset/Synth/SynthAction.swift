/// What the drawn figure does in a clip; the raw value is the class.
package enum SynthAction: Int, Sendable, CaseIterable {
    case walkingLeft, walkingRight, running, jumping, jumpingJacks, squatting, waving, clappingHands
    case sittingDown, standingUp, fallingDown, kicking, bowing, standingStill, emptyRoom

    /// As `labels.csv` names it.
    package var label: String {
        switch self {
        case .walkingLeft: "walking left"
        case .walkingRight: "walking right"
        case .running: "running"
        case .jumping: "jumping"
        case .jumpingJacks: "doing jumping jacks"
        case .squatting: "squatting"
        case .waving: "waving"
        case .clappingHands: "clapping hands"
        case .sittingDown: "sitting down"
        case .standingUp: "standing up"
        case .fallingDown: "falling down"
        case .kicking: "kicking"
        case .bowing: "bowing"
        case .standingStill: "standing still"
        case .emptyRoom: "empty room"
        }
    }
}
