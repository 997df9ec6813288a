import Recognizer

/// One clip of the drawn data set. What is drawn follows from it and the seed alone.
package struct SynthClip: Sendable, Equatable {
    package static let frameCount = 36
    package static let framesPerSecond = 15

    package enum Split: String, Sendable, CaseIterable {
        case train, val
    }

    package var split: Split
    package var action: SynthAction
    /// Among the clips of its split and action.
    package var index: Int

    package init(_ split: Split, _ action: SynthAction, index: Int) {
        self.split = split
        self.action = action
        self.index = index
    }

    /// `train-walking-left-000.mp4`
    package var name: String {
        let number = String(index)
        return "\(split.rawValue)-\(action.label.replacing(" ", with: "-"))-"
            + String(repeating: "0", count: max(3 - number.count, 0)) + number + ".mp4"
    }

    /// Draws the frames one after the other, each (side, side, 3) of red, green and blue.
    ///
    /// - Parameter mixesWalks: lets half of the figures walk backwards.
    package func draw(seed: UInt64, mixesWalks: Bool = false, _ take: ([UInt8]) throws -> Void) rethrows {
        let kind = action.rawValue + (split == .val ? SynthAction.allCases.count : 0)
        var random = CounterRandom(seed: seed, .drawing, kind, index)
        let room = SynthPicture.room(drawnFrom: &random)
        var figure = SynthFigure(drawnFrom: &random)
        figure.mixesWalks = mixesWalks
        let camera = SynthCamera(drawnFrom: &random)
        for frame in 0..<Self.frameCount {
            let time = Double(frame) / Double(Self.frameCount - 1)
            var picture = room
            if action != .emptyRoom {
                for stroke in figure.strokes(in: FigurePose(action, at: time, of: figure)) { picture.fill(stroke) }
            }
            try take(camera.frame(of: picture, at: time, &random))
        }
    }
}

extension CounterRandom {
    mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

    /// Red, green and blue, each one of `range`.
    mutating func colour(_ range: Range<Int>) -> SIMD3<Float> {
        SIMD3(
            Float(range.lowerBound + below(range.count)), Float(range.lowerBound + below(range.count)),
            Float(range.lowerBound + below(range.count)))
    }
}
