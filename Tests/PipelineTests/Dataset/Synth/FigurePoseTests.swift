import Recognizer
import Testing

@testable import Pipeline

@Suite struct FigurePoseTests {
    private static let times = (0..<SynthClip.frameCount).map { Double($0) / Double(SynthClip.frameCount - 1) }

    private func figure(_ number: Int = 0, side: Double = 1) -> SynthFigure {
        var random = CounterRandom(seed: 1, .drawing, number)
        var figure = SynthFigure(drawnFrom: &random)
        figure.side = side
        return figure
    }

    private func poses(_ action: SynthAction, of figure: SynthFigure) -> [FigurePose] {
        Self.times.map { FigurePose(action, at: $0, of: figure) }
    }

    @Test(arguments: [-1.0, 1.0]) func walksTheWayItsLabelSaysWhicheverSideItPrefers(side: Double) {
        let left = poses(.walkingLeft, of: figure(side: side)).map(\.across)
        let right = poses(.walkingRight, of: figure(side: side)).map(\.across)
        #expect(zip(left, left.dropFirst()).allSatisfy { $0 > $1 })
        #expect(zip(right, right.dropFirst()).allSatisfy { $0 < $1 })
        #expect(right[0] < -0.3 && right[35] > 0.3)
    }

    @Test func kneesBendAgainstTheWalk() {
        for pose in poses(.walkingRight, of: figure()) + poses(.running, of: figure()) {
            #expect(pose.leftLeg.lower <= 0 && pose.rightLeg.lower <= 0 && pose.lean > 0)
        }
    }

    @Test(arguments: [-1.0, 1.0]) func everyFrameOfAMixedWalkToTheLeftIsOneOfAWalkToTheRight(side: Double) {
        var leftward = figure(side: side)
        leftward.mixesWalks = true
        for time in Self.times {
            var rightward = leftward
            rightward.phase += leftward.cycles * (2 * time - 1)
            let left = FigurePose(.walkingLeft, at: time, of: leftward)
            let right = FigurePose(.walkingRight, at: 1 - time, of: rightward)
            #expect(left.lean * side > 0 && left.difference(from: right) < 1e-9, "\(time)")
        }
    }

    @Test func standingUpIsSittingDownBackwards() {
        let figure = figure()
        let down = poses(.sittingDown, of: figure)
        let up = poses(.standingUp, of: figure)
        #expect(down[0].down == 0 && down[35].down == 0.52)
        #expect(up[0].down == 0.52 && up[35].down == 0)
        #expect(zip(down, down.dropFirst()).allSatisfy { $0.down <= $1.down })
        for (sitting, standing) in zip(down, up) {
            #expect(abs(sitting.down + standing.down - 0.52) < 1e-12)
        }
    }

    @Test(
        arguments: SynthAction.allCases.filter {
            ![.walkingLeft, .walkingRight, .standingStill, .emptyRoom].contains($0)
        })
    func sideMirrorsThePose(action: SynthAction) {
        for (pose, mirrored) in zip(poses(action, of: figure(side: 1)), poses(action, of: figure(side: -1))) {
            let isStriding = action == .running
            #expect(mirrored.across == -pose.across && mirrored.down == pose.down && mirrored.lean == -pose.lean)
            // The stride's phase, which the side does not turn around, decides which leg is in front.
            if !isStriding, action != .fallingDown {
                #expect(
                    mirrored.rightArm.upper == -pose.leftArm.upper && mirrored.rightLeg.upper == -pose.leftLeg.upper)
            }
        }
    }

    @Test func everyActionMovesInItsOwnWay() {
        let figure = figure()
        let all = SynthAction.allCases.filter { $0 != .emptyRoom }.map { poses($0, of: figure) }
        for (index, one) in all.enumerated() {
            #expect(Set(one.map { "\($0)" }).count > 10, "\(SynthAction.allCases[index])")
            #expect(all[(index + 1)...].allSatisfy { $0 != one })
        }
    }
}

extension FigurePose {
    /// The largest difference of any angle or offset.
    fileprivate func difference(from other: Self) -> Double {
        zip(numbers, other.numbers).map { abs($0 - $1) }.max() ?? 0
    }

    private var numbers: [Double] {
        [across, down, lean] + [rightArm, leftArm, rightLeg, leftLeg].flatMap { [$0.upper, $0.lower] }
    }
}
