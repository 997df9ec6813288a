import Foundation

/// How the figure's joints are turned at one moment. Left and right are the picture's.
struct FigurePose: Sendable, Equatable {
    /// Angles in radians, positive towards the right.
    struct Limb: Sendable, Equatable {
        /// From straight down.
        var upper: Double
        /// From the direction of the upper part.
        var lower: Double
    }

    /// Of the hip to the right, in the figure's units.
    var across = 0.0
    /// Of the hip downwards, in the figure's units.
    var down = 0.0
    /// Of the trunk to the right, radians.
    var lean = 0.0
    var rightArm = Limb(upper: 0.15, lower: 0.1)
    var leftArm = Limb(upper: -0.15, lower: -0.1)
    var rightLeg = Limb(upper: 0.08, lower: 0)
    var leftLeg = Limb(upper: -0.08, lower: 0)

    /// - Parameter time: in the clip, 0...1.
    init(_ action: SynthAction, at time: Double, of figure: SynthFigure) {
        let cycle = 2 * .pi * (figure.cycles * time + figure.phase)
        let side = figure.side
        /// How much of a movement is done that begins at a share of the clip and takes another.
        func done(from start: Double, within length: Double) -> Double {
            let linear = min(max((time - start) / length, 0), 1)
            return linear * linear * (3 - 2 * linear)
        }
        switch action {
        case .walkingLeft, .walkingRight:
            let direction: Double = action == .walkingLeft ? -1 : 1
            stepOut(
                towards: direction, facing: figure.mixesWalks ? side : direction, cycle,
                travelled: (time - 0.5) * figure.reach)
        case .running: run(towards: side, 1.7 * cycle, travelled: (time - 0.5) * figure.reach)
        case .jumping: jump(height: abs(sin(cycle / 2)))
        case .jumpingJacks: spread(0.5 - 0.5 * cos(cycle))
        case .squatting: squat(depth: 0.5 - 0.5 * cos(0.7 * cycle))
        case .waving: wave(side, 1.6 * cycle)
        case .clappingHands: clap(apart: abs(sin(cycle)))
        case .sittingDown: sit(side, share: done(from: figure.start, within: 0.5))
        case .standingUp: sit(side, share: 1 - done(from: figure.start, within: 0.5))
        case .fallingDown: fall(side, share: done(from: figure.start, within: 0.35))
        case .kicking: kick(side, height: max(0, sin(0.8 * cycle)))
        case .bowing: bow(side, depth: sin(.pi * done(from: 0.5 * figure.start, within: 0.8)))
        case .standingStill, .emptyRoom: lean = 0.03 * sin(0.3 * cycle)
        }
    }

    /// Both arms alike, as in a mirror.
    private mutating func setArms(upper: Double, lower: Double = 0.1) {
        rightArm = Limb(upper: upper, lower: lower)
        leftArm = Limb(upper: -upper, lower: -lower)
    }

    /// Both legs alike, as in a mirror.
    private mutating func setLegs(upper: Double, lower: Double = 0) {
        rightLeg = Limb(upper: upper, lower: lower)
        leftLeg = Limb(upper: -upper, lower: -lower)
    }

    /// Legs that take turns, and arms against them. Knees bend backwards.
    private mutating func stride(facing side: Double, _ cycle: Double, swing: Double, bend: Double) {
        rightLeg = Limb(upper: swing * sin(cycle), lower: -side * bend * max(0, cos(cycle)))
        leftLeg = Limb(upper: -swing * sin(cycle), lower: -side * bend * max(0, -cos(cycle)))
        rightArm.upper = -swing * sin(cycle)
        leftArm.upper = swing * sin(cycle)
    }

    private mutating func stepOut(towards direction: Double, facing side: Double, _ cycle: Double, travelled: Double) {
        stride(facing: side, cycle, swing: 0.5, bend: 0.5)
        across = direction * 0.85 * travelled
        down = -0.03 * abs(sin(cycle))
        lean = side * 0.06
    }

    private mutating func run(towards side: Double, _ cycle: Double, travelled: Double) {
        stride(facing: side, cycle, swing: 0.9, bend: 1.3)
        rightArm.lower = side * 1.4
        leftArm.lower = side * 1.4
        across = side * 1.5 * travelled
        down = -0.1 * abs(sin(cycle))
        lean = side * 0.3
    }

    private mutating func jump(height: Double) {
        down = -0.45 * height
        setArms(upper: 0.3 + 0.9 * height)
        setLegs(upper: 0.25 * (1 - height), lower: -0.5 * (1 - height))
    }

    private mutating func spread(_ share: Double) {
        down = -0.12 * sin(.pi * share)
        setArms(upper: 0.2 + 2.6 * share)
        setLegs(upper: 0.08 + 0.5 * share)
    }

    private mutating func squat(depth: Double) {
        down = 0.36 * depth
        setArms(upper: 0.3 + 1.1 * depth, lower: 0.2)
        setLegs(upper: 0.9 * depth, lower: -1.5 * depth)
    }

    private mutating func wave(_ side: Double, _ cycle: Double) {
        let arm = Limb(upper: side * (2.4 + 0.5 * sin(cycle)), lower: 0.5 * sin(cycle + 0.6))
        if side > 0 { rightArm = arm } else { leftArm = arm }
    }

    private mutating func clap(apart: Double) {
        setArms(upper: 0.5 + 0.3 * apart, lower: -2 + 0.9 * apart)
    }

    private mutating func sit(_ side: Double, share: Double) {
        across = -side * 0.12 * share
        down = 0.52 * share
        lean = side * 0.5 * sin(.pi * share)
        let leg = Limb(upper: side * 1.45 * share, lower: -side * 1.45 * share)
        (rightLeg, leftLeg) = (leg, leg)
        rightArm.upper = side * 0.5 * share
        leftArm.upper = side * 0.5 * share
    }

    private mutating func fall(_ side: Double, share: Double) {
        across = side * 0.15 * share
        down = 0.85 * share * share
        lean = side * 1.5 * share
        rightLeg.upper = -side * 1.2 * share
        leftLeg.upper = -side * share
        rightArm.upper = side * 2.2 * share
        leftArm.upper = side * 1.8 * share
    }

    /// With the leg behind, which crosses to the other side.
    private mutating func kick(_ side: Double, height: Double) {
        lean = -side * 0.25 * height
        setArms(upper: 0.5 + 0.4 * height)
        let leg = Limb(upper: side * 1.5 * height, lower: -side * 1.8 * (1 - height) * height)
        if side > 0 { leftLeg = leg } else { rightLeg = leg }
    }

    private mutating func bow(_ side: Double, depth: Double) {
        lean = side * 1.25 * depth
        rightArm.upper = side * 0.9 * depth
        leftArm.upper = side * 0.9 * depth
    }
}
