import Testing

@testable import Pipeline

@Suite struct SynthPictureTests {
    private let red = SIMD3<Float>(255, 0, 0)

    /// Places of the pixels that are not black.
    private func filled(_ picture: SynthPicture) -> [SIMD2<Int>] {
        let side = SynthPicture.side
        return (0..<side * side).filter { picture.values[$0 * 3] > 0 }.map { SIMD2($0 % side, $0 / side) }
    }

    @Test func aDiscCoversWhatIsWithinItsRadius() {
        var picture = SynthPicture()
        picture.fill(.init(from: SIMD2(50, 60), to: SIMD2(50, 60), radius: 2, colour: red))
        let expected = [(0, -2), (-1, -1), (0, -1), (1, -1)]
        #expect(filled(picture).prefix(4) == ArraySlice(expected.map { SIMD2(50 + $0.0, 60 + $0.1) }))
        #expect(filled(picture).count == 13)
    }

    @Test func aLineHasRoundEnds() {
        var picture = SynthPicture()
        picture.fill(.init(from: SIMD2(20, 30), to: SIMD2(40, 30), radius: 3, colour: red))
        let places = filled(picture)
        // 21 columns of seven pixels, and two halves of a disc with 29 pixels, seven of which lie in its middle column.
        #expect(places.count == 21 * 7 + 29 - 7)
        #expect(places.map(\.x).min() == 17 && places.map(\.x).max() == 43)
    }

    @Test func drawsTheSameLineFromEitherEnd() {
        var (one, other) = (SynthPicture(), SynthPicture())
        one.fill(.init(from: SIMD2(20, 30), to: SIMD2(33, 71), radius: 3.25, colour: red))
        other.fill(.init(from: SIMD2(33, 71), to: SIMD2(20, 30), radius: 3.25, colour: red))
        #expect(one == other)
    }

    @Test func leavesOutWhatLiesOutside() {
        var picture = SynthPicture()
        picture.fill(.init(from: SIMD2(-40, 5), to: SIMD2(-10, 5), radius: 3, colour: red))
        picture.fill(.init(from: SIMD2(5, 400), to: SIMD2(5, 900), radius: 3, colour: red))
        picture.fill(columns: 112...140, rows: 0...10, red)
        #expect(filled(picture).isEmpty)
        picture.fill(.init(from: SIMD2(-20, 0), to: SIMD2(200, 0), radius: 1, colour: red))
        #expect(filled(picture).count == 2 * SynthPicture.side)
        picture.fill(columns: 100...140, rows: 100...140, red)
        #expect(filled(picture).count == 2 * SynthPicture.side + 144)
    }
}
