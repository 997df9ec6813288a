import Pipeline
import Recognizer
import TestSupport
import Testing

@Suite struct MotionGateTests {
    private static func cells(_ level: Float, changing index: Int? = nil, to other: Float = 0) -> [Float] {
        var cells = [Float](repeating: level, count: 64)
        if let index { cells[index] = other }
        return cells
    }

    @Test func firstFrameIsAChange() {
        var gate = MotionGate(threshold: 8)
        #expect(gate.offer(Self.cells(100)) == .changed)
        #expect(gate.offer(Self.cells(100)) == .unchanged)
    }

    @Test func noiseIsNoChangeAndOneCellIs() {
        var gate = MotionGate(threshold: 8)
        var numbers = SeededNumbers(seed: 3)
        #expect(gate.offer(Self.cells(100)) == .changed)
        for _ in 0..<50 {
            #expect(gate.offer(Self.cells(100).map { $0 + numbers.floats(1, in: -5...5)[0] }) == .unchanged)
        }
        #expect(gate.offer(Self.cells(100, changing: 17, to: 109)) == .changed)
        #expect(gate.offer(Self.cells(100, changing: 17, to: 109)) == .unchanged)
        #expect(gate.offer(Self.cells(100)) == .changed, "what goes away is a change too")
    }

    @Test func slowDriftAddsUp() {
        var gate = MotionGate(threshold: 8)
        let decisions = (0..<30).map { gate.offer(Self.cells(100 + Float($0))) }
        #expect(decisions.indices.filter { decisions[$0] == .changed } == [0, 9, 18, 27])
    }

    @Test func brightnessThatIsNoNumberIsAChange() {
        var gate = MotionGate(threshold: 255)
        for _ in 0..<3 { #expect(gate.offer(Self.cells(1, changing: 2, to: .nan)) == .changed) }
    }

    @Test func windowOfTheSamePicturesReusesTheScores() {
        var gate = MotionGate(threshold: 8)
        #expect(gate.decide([0, 0, 1, 1]) == .score)
        #expect(gate.decide([0, 1, 1, 1]) == .score)
        #expect(gate.decide([0, 1, 1, 1]) == .reuse)
        #expect(gate.decide([1, 1, 1, 1]) == .score)
        #expect(gate.decide([1, 1, 1, 1]) == .reuse)
        gate.forgetScores()
        #expect(gate.decide([1, 1, 1, 1]) == .score)
    }

    @Test func frameAfterARestartIsAChange() {
        var gate = MotionGate(threshold: 8)
        #expect(gate.offer(Self.cells(100)) == .changed)
        gate.restart()
        #expect(gate.offer(Self.cells(100)) == .changed)
    }
}

@Suite struct BrightnessCellsTests {
    /// Normalised values of a picture whose colours are those of `pixel`, (N, 3*P*P).
    private static func patches(
        _ geometry: ModelGeometry, deviation: [Float], _ pixel: (_ patch: Int, _ x: Int, _ y: Int) -> Float
    ) -> [Float] {
        let size = geometry.patchSize
        var values: [Float] = []
        for patch in 0..<geometry.patches {
            for colour in 0..<3 {
                for y in 0..<size { for x in 0..<size { values.append(pixel(patch, x, y) / deviation[colour]) } }
            }
        }
        return values
    }

    @Test func valuesAreLevelsOfEachSquare() {
        let deviation: [Float] = [58, 57, 60]
        let geometry = ModelGeometry(
            imageSize: 32, patchSize: 16, frames: 4, visionWidth: 64, visionLayers: 1, temporalLayers: 1,
            embeddingWidth: 8, textWidth: 64, textLayers: 1, contextLength: 20, vocabularySize: 514, mask: .kmt)
        var cells = BrightnessCells(geometry: geometry, deviation: deviation)
        cells.measure(Self.patches(geometry, deviation: deviation) { _, _, _ in 40 })
        #expect(cells.values.count == 16)
        expectClose(cells.values, [Float](repeating: 40, count: 16), .kernels, "a plain picture")
        cells.measure(
            Self.patches(geometry, deviation: deviation) { patch, x, y in patch == 2 && x >= 8 && y < 8 ? 64 : 0 })
        expectClose(
            cells.values, (0..<16).map { $0 == 2 * 4 + 1 ? 64 : 0 }, .kernels, "one square of the third patch")
    }
}
