import Foundation
import Recognizer

/// The figure of one clip: its size, its place, its way of moving and its colours. Lengths in pixels.
struct SynthFigure: Sendable, Equatable {
    /// What the lengths of limbs are multiples of.
    var unit: Double
    /// Of the hip in the middle of the clip, from the picture's left edge.
    var across: Double
    /// Where it stands, from the picture's upper edge.
    var ground: Double
    /// 1: it turns to the picture's right, or uses what is there; -1: to its left.
    var side: Double
    /// Whether it faces its side when it walks, backwards if need be: then a single frame does not show where it goes.
    var mixesWalks = false
    /// Where in its cycle a movement that repeats begins, in cycles.
    var phase: Double
    /// Cycles in a clip.
    var cycles: Double
    /// When a movement that does not repeat begins, as a share of the clip.
    var start: Double
    /// How far it comes, about 1.
    var reach: Double
    var body: SIMD3<Float>
    var legs: SIMD3<Float>
    var arms: SIMD3<Float>
    var skin: SIMD3<Float>

    init(drawnFrom random: inout CounterRandom) {
        let size = Double(SynthPicture.side)
        unit = random.uniform(36, 44)
        across = random.uniform(0.45, 0.55) * size
        ground = random.uniform(0.86, 0.96) * size
        side = random.happens(0.5) ? 1 : -1
        phase = random.unit()
        cycles = random.uniform(1.6, 3)
        start = random.uniform(0.05, 0.4)
        reach = random.uniform(0.8, 1.2)
        body = random.colour(0..<90)
        legs = random.colour(0..<90)
        arms = random.colour(0..<90)
        skin = random.colour(0..<90)
    }

    /// What is to be drawn of it in a pose, what lies behind first.
    func strokes(in pose: FigurePose) -> [SynthPicture.Stroke] {
        /// The end of a line of so many units that leaves `origin` at an angle from straight down.
        func end(of origin: SIMD2<Double>, _ angle: Double, _ units: Double) -> SIMD2<Double> {
            origin + units * unit * SIMD2(sin(angle), cos(angle))
        }
        var strokes: [SynthPicture.Stroke] = []
        func add(_ from: SIMD2<Double>, _ to: SIMD2<Double>, _ colour: SIMD3<Float>, radius: Double = 3.35) {
            strokes.append(.init(from: from, to: to, radius: radius, colour: colour))
        }
        func add(
            _ limb: FigurePose.Limb, at origin: SIMD2<Double>, turned angle: Double, units: (Double, Double),
            colours: (SIMD3<Float>, SIMD3<Float>)
        ) {
            let joint = end(of: origin, limb.upper + angle, units.0)
            add(origin, joint, colours.0)
            add(joint, end(of: joint, limb.upper + limb.lower + angle, units.1), colours.1)
        }
        let hip = SIMD2(across + pose.across * unit, ground + (pose.down - 1.02) * unit)
        let neck = end(of: hip, .pi - pose.lean, 0.75)
        for (leg, offset) in [(pose.rightLeg, 0.09), (pose.leftLeg, -0.09)] {
            add(leg, at: hip + SIMD2(offset * unit, 0), turned: 0, units: (0.5, 0.5), colours: (legs, legs))
        }
        add(hip, neck, body)
        for (arm, offset) in [(pose.rightArm, 0.12), (pose.leftArm, -0.12)] {
            add(
                arm, at: neck + SIMD2(offset, 0.08) * unit, turned: 0.3 * pose.lean, units: (0.36, 0.34),
                colours: (arms, skin))
        }
        let head = end(of: neck, .pi - pose.lean, 0.22)
        add(head, head, skin, radius: 0.17 * unit + 0.3)
        return strokes
    }
}
