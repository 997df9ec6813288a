import Recognizer
import TestSupport
import Testing

@Suite struct BatchMixingTests {
    private static let geometry = RandomModel.geometry(frames: 2)

    /// Pictures whose values tell clip, frame and pixel, as (clip, frame, 3, S, S).
    private func pictures(clips: Int) -> [Float] {
        let count = Self.geometry.frames * 3 * Self.geometry.imageSize * Self.geometry.imageSize
        return (0..<clips * count).map { Float($0 / count * 100_000 + $0 % count) }
    }

    private func mixed(_ mixing: BatchMixing, clips: Int) -> [Float] {
        let patches = PatchMatrix.of(pictures(clips: clips)[...], geometry: Self.geometry)
        var out = [Float](repeating: .nan, count: patches.count)
        mixing.mix(&out, patches: patches, clips: clips, geometry: Self.geometry)
        return out
    }

    @Test func mixupBlendsPixelsAndTargets() {
        let mixing = BatchMixing(kind: .mixup(share: 0.75), others: [1, 0, 2])
        let own = pictures(clips: 3)
        let size = own.count / 3
        let expected = own.indices.map { index in
            0.75 * own[index] + 0.25 * own[[1, 0, 2][index / size] * size + index % size]
        }
        #expect(mixed(mixing, clips: 3) == PatchMatrix.of(expected[...], geometry: Self.geometry))
        #expect(
            mixing.mix(targets: [1, 0, 0, 1, 0.5, 0.5], classes: 2) == [0.75, 0.25, 0.25, 0.75, 0.5, 0.5])
    }

    @Test func cutmixCopiesARectangleOfEveryFrame() {
        let mixing = BatchMixing(kind: .cutmix(columns: 3..<11, rows: 0..<9, share: 0.875), others: [1, 0])
        let own = pictures(clips: 2)
        let side = Self.geometry.imageSize
        let size = own.count / 2
        let expected = own.indices.map { index -> Float in
            let inside = (3..<11).contains(index % side) && (0..<9).contains(index / side % side)
            return inside ? own[(1 - index / size) * size + index % size] : own[index]
        }
        #expect(mixed(mixing, clips: 2) == PatchMatrix.of(expected[...], geometry: Self.geometry))
        #expect(mixing.mix(targets: [1, 0, 0, 1], classes: 2) == [0.875, 0.125, 0.125, 0.875])
    }

    @Test func withoutMixingAllStays() {
        let mixing = TrainingDraws(seed: 1).mixing(batch: 0, .none, clips: 2, imageSize: 24)
        #expect(mixed(mixing, clips: 2) == PatchMatrix.of(pictures(clips: 2)[...], geometry: Self.geometry))
        #expect(mixing.mix(targets: [1, 0, 0, 1], classes: 2) == [1, 0, 0, 1])
    }

    @Test func sharesAreThoseOfTheRectangles() {
        var kinds = (mixup: 0, cutmix: 0)
        for batch in 0..<200 {
            let mixing = TrainingDraws(seed: 3).mixing(batch: batch, BatchMixing.Options(), clips: 5, imageSize: 24)
            #expect(mixing.others.sorted() == [0, 1, 2, 3, 4])
            switch mixing.kind {
            case .none: Issue.record("batch \(batch) is not mixed")
            case .mixup(let share):
                kinds.mixup += 1
                #expect(share >= 0 && share <= 1)
            case .cutmix(let columns, let rows, let share):
                kinds.cutmix += 1
                #expect(columns.lowerBound >= 0 && columns.upperBound <= 24)
                #expect(rows.lowerBound >= 0 && rows.upperBound <= 24)
                #expect(abs(share - (1 - Double(columns.count * rows.count) / 576)) < 1e-12)
            }
        }
        #expect(kinds.mixup > 70 && kinds.cutmix > 70, "\(kinds)")
    }

    @Test func smoothedTargetsSumToOne() {
        let targets = SoftTargets.of([2, 0], classes: 4, smoothing: 0.1)
        expectClose(
            targets, [0.025, 0.025, 0.925, 0.025, 0.925, 0.025, 0.025, 0.025], Tolerance(absolute: 1e-7), "targets")
    }
}
