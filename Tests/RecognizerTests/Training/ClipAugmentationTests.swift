import TestSupport
import Testing

@testable import Recognizer

@Suite struct ClipAugmentationTests {
    private static let geometry = RandomModel.geometry(frames: 2)
    private static let mean: [Float] = [120, 110, 100]
    private static let deviation: [Float] = [60, 50, 40]

    /// Applies to a clip given as levels (T, 3, S, S), and gives levels back.
    private func applied(_ augmentation: ClipAugmentation, to levels: [Float]) -> [Float] {
        let area = Self.geometry.imageSize * Self.geometry.imageSize
        func channel(_ index: Int) -> Int { index / area % 3 }
        let normal = levels.indices.map { (levels[$0] - Self.mean[channel($0)]) / Self.deviation[channel($0)] }
        var patches = PatchMatrix.of(normal[...], geometry: Self.geometry)
        augmentation.apply(to: &patches, geometry: Self.geometry, mean: Self.mean, deviation: Self.deviation)
        // Back from patches: where each value of a picture went.
        let places = PatchMatrix.of(levels.indices.map(Float.init)[...], geometry: Self.geometry)
        var out = [Float](repeating: 0, count: levels.count)
        for (place, index) in places.enumerated() {
            let index = Int(index)
            out[index] = patches[place] * Self.deviation[channel(index)] + Self.mean[channel(index)]
        }
        return out
    }

    private func levels(seed: UInt64 = 2) -> [Float] {
        var numbers = SeededNumbers(seed: seed)
        return numbers.floats(2 * 3 * Self.geometry.imageSize * Self.geometry.imageSize, in: 0...255)
    }

    private func pixel(_ levels: [Float], frame: Int, x: Int, y: Int) -> [Float] {
        let side = Self.geometry.imageSize
        return (0..<3).map { levels[((frame * 3 + $0) * side + y) * side + x] }
    }

    @Test func mirrorsEveryFrame() {
        let clip = levels()
        let out = applied(ClipAugmentation(crop: .centre, isMirrored: true, colours: [[], []]), to: clip)
        for frame in 0..<2 {
            for (x, y) in [(0, 0), (5, 7), (11, 23), (23, 3)] {
                expectClose(
                    pixel(out, frame: frame, x: x, y: y), pixel(clip, frame: frame, x: 23 - x, y: y),
                    Tolerance(absolute: 1e-3), "pixel \(x), \(y) of frame \(frame)")
            }
        }
    }

    @Test func coloursChangeFrameByFrame() {
        let clip = levels()
        let out = applied(ClipAugmentation(crop: .centre, isMirrored: false, colours: [[], [.grey]]), to: clip)
        expectClose(
            out.prefix(out.count / 2), clip.prefix(clip.count / 2), Tolerance(absolute: 1e-3), "the frame that stays")
        let (before, after) = (pixel(clip, frame: 1, x: 4, y: 9), pixel(out, frame: 1, x: 4, y: 9))
        let grey = 0.299 * before[0] + 0.587 * before[1] + 0.114 * before[2]
        expectClose(after, [grey, grey, grey], Tolerance(absolute: 1e-3), "grey")
    }

    private func changed(_ change: ColourChange, _ colours: [SIMD3<Float>]) -> [SIMD3<Float>] {
        var colours = colours
        change.apply(&colours)
        return colours
    }

    @Test func colourChangesAreTheNamedOnes() {
        let red = SIMD3<Float>(200, 0, 0)
        #expect(changed(.brightness(0.5), [red]) == [SIMD3(100, 0, 0)])
        #expect(changed(.brightness(2), [red]) == [SIMD3(255, 0, 0)])
        // The mean grey of black and white is 128, rounded up.
        #expect(
            changed(.contrast(0), [SIMD3(repeating: 0), SIMD3(repeating: 255)]) == [
                SIMD3(repeating: 128), SIMD3(repeating: 128),
            ])
        #expect(changed(.contrast(1), [red]) == [red])
        #expect(changed(.saturation(0), [red])[0].x == changed(.grey, [red])[0].y)
        for (turn, expected) in [
            (Float(0), red), (1.0 / 3, SIMD3(0, 200, 0)), (-1.0 / 3, SIMD3(0, 0, 200)), (0.5, SIMD3(0, 200, 200)),
            (1.0 / 6, SIMD3(200, 200, 0)),
        ] {
            let out = changed(.hue(turn), [red])[0]
            expectClose(
                [out.x, out.y, out.z], [expected.x, expected.y, expected.z], Tolerance(absolute: 0.01), "\(turn)")
        }
        let mixed = SIMD3<Float>(40, 180, 90)
        let same = changed(.hue(0), [mixed])[0]
        expectClose([same.x, same.y, same.z], [40, 180, 90], Tolerance(absolute: 0.01), "no turn")
        #expect(changed(.hue(0.3), [SIMD3(repeating: 77)]) == [SIMD3(repeating: 77)])
    }

    @Test func drawsRepeatForAClipAndEpochAndDifferOtherwise() {
        let draws = TrainingDraws(seed: 11)
        func draw(_ epoch: Int, _ clip: Int) -> ClipAugmentation {
            draws.augmentation(epoch: epoch, clip: clip, AugmentationOptions(), frames: 8)
        }
        #expect(draw(2, 5) == draw(2, 5))
        #expect(draw(2, 5) != draw(3, 5) && draw(2, 5) != draw(2, 6))
        #expect(
            draws.augmentation(epoch: 2, clip: 5, .none, frames: 3)
                == ClipAugmentation(crop: .centre, isMirrored: false, colours: [[], [], []]))
    }

    @Test func drawsKeepToTheRecipe() throws {
        var (mirrored, grey, coloured) = (0, 0, 0)
        for clip in 0..<400 {
            let it = TrainingDraws(seed: 1).augmentation(epoch: 0, clip: clip, AugmentationOptions(), frames: 2)
            guard case .stretched(let width, let height, let x, let y) = it.crop else {
                Issue.record("\(it.crop)")
                continue
            }
            let scales = [1, 0.875, 0.75, 0.66]
            let places = (try #require(scales.firstIndex(of: width)), try #require(scales.firstIndex(of: height)))
            #expect(abs(places.0 - places.1) <= 1)
            #expect((x == 0.5 && y == 0.5) || ([0, 1].contains(x) && [0, 1].contains(y)))
            mirrored += it.isMirrored ? 1 : 0
            grey += it.colours[0].last == .grey ? 1 : 0
            coloured += it.colours[0].count >= 4 ? 1 : 0
            #expect(it.colours[0].isEmpty || it.colours[0] == [.grey] || it.colours[0] != it.colours[1])
        }
        #expect((150...250).contains(mirrored) && (50...110).contains(grey) && (290...350).contains(coloured))
    }

    @Test func shiftedCropsLieAnywhere() {
        var options = AugmentationOptions.none
        options.crop = .shifted
        var places: Set<[Int]> = []
        for clip in 0..<400 {
            let it = TrainingDraws(seed: 1).augmentation(epoch: 0, clip: clip, options, frames: 1)
            guard case .shifted(let x, let y) = it.crop else {
                Issue.record("\(it.crop)")
                continue
            }
            // An input of 24 pixels is cut from 27.
            let view = SquareView(width: 54, height: 54, view: ViewGeometry(crop: it.crop), size: 24)
            places.insert([view.horizontal.first, view.vertical.first])
            #expect(
                view.horizontal.scaled == 27 && view.horizontal.first == Int(x * 4) && view.vertical.first == Int(y * 4)
            )
        }
        #expect(places.count == 16)
    }

    @Test func framesComeFromTheirSegments() {
        let draws = TrainingDraws(seed: 4)
        for total in [8, 17, 64] {
            let frames = draws.frames(epoch: 1, clip: 3, of: total, frames: 8)
            for (segment, frame) in frames.enumerated() {
                #expect(frame / (total / 8) == segment, "\(frames) of \(total)")
            }
        }
        #expect(draws.frames(epoch: 1, clip: 3, of: 3, frames: 8) == [0, 0, 1, 1, 2, 2, 2, 2])
        #expect(draws.frames(epoch: 1, clip: 3, of: 1, frames: 4) == [0, 0, 0, 0])
        #expect(draws.frames(epoch: 1, clip: 3, of: 0, frames: 4) == [])
        #expect(
            draws.frames(epoch: 1, clip: 3, of: 640, frames: 8) != draws.frames(epoch: 2, clip: 3, of: 640, frames: 8))
    }

    /// A ramp from left to right and from top to bottom shows which part of the picture came.
    @Test func stretchedCropsTakeTheirPart() {
        let (width, height) = (96, 48)
        let bytes = (0..<height * width).flatMap { index -> [UInt8] in
            [UInt8(2 * (index % width)), UInt8(4 * (index / width)), 0]
        }
        let preprocessor = FramePreprocessor(imageSize: 24, patchSize: 24, mean: [0, 0, 0], deviation: [1, 1, 1])
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let frame = PixelFrame(
                format: .rgb, width: width, height: height,
                planes: [PixelFrame.Plane(base: base, strideBytes: 3 * width)], matrix: .bt601, range: .full)
            for (crop, columns, rows) in [
                (ViewGeometry.Crop.stretched(width: 1, height: 0.75, x: 0, y: 0), 0..<48, 0..<36),
                (.stretched(width: 0.75, height: 1, x: 1, y: 1), 60..<96, 0..<48),
                (.stretched(width: 0.5, height: 0.5, x: 0.5, y: 0.5), 36..<60, 12..<36),
            ] {
                var picture = [Float](repeating: -1, count: 3 * 24 * 24)
                preprocessor.writeImage(frame, view: ViewGeometry(crop: crop), to: &picture)
                // Centres of the first and the last sample.
                let acrossStep = Float(columns.count) / 24
                let downStep = Float(rows.count) / 24
                let expected = [
                    2 * (Float(columns.lowerBound) + acrossStep / 2 - 0.5),
                    2 * (Float(columns.upperBound) - acrossStep / 2 - 0.5),
                    4 * (Float(rows.lowerBound) + downStep / 2 - 0.5),
                    4 * (Float(rows.upperBound) - downStep / 2 - 0.5),
                ]
                let found = [picture[0], picture[23], picture[576], picture[576 + 23 * 24]]
                expectClose(found, expected, Tolerance(absolute: 1.01), "\(crop)")
            }
        }
    }
}
