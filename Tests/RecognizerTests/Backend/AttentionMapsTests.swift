import Foundation
import TestSupport
import Testing

@testable import Recognizer

@Suite struct AttentionMapsTests {
    private struct Case {
        let golden: GoldenTensors
        let geometry: ModelGeometry
        let attention: WindowAttention

        init(_ mask: KroneckerMask, workers: Int = 2) throws {
            golden = try GoldenTensors(Golden.path("forward/small-\(mask.rawValue.lowercased()).safetensors"))
            geometry = GoldenModel.geometry(mask)
            let maps = try AttentionMaps(
                weights: GoldenModel.weights(), geometry: geometry, pool: WorkerPool(workers: workers))
            let clips = try golden.floats("clips").values
            attention = maps.window(PatchMatrix.of(clips[..<(clips.count / 2)], geometry: geometry))
        }
    }

    @Test(.tags(.golden), arguments: KroneckerMask.allCases, [1, 3])
    func probabilitiesLeadToTheReferencesOutput(mask: KroneckerMask, workers: Int) throws {
        let it = try Case(mask, workers: workers)
        let spatial = try it.golden.floats("spatial_tokens").values
        expectClose(
            it.attention.spatialFeatures, Array(spatial[..<(spatial.count / 2)]), .features, "spatial_tokens")
        let frames = try it.golden.floats("frame_features").values
        expectClose(it.attention.frameFeatures, Array(frames[..<(frames.count / 2)]), .features, "frame_features")
    }

    @Test(arguments: KroneckerMask.allCases) func rowsSumToOneAndRespectTheMask(mask: KroneckerMask) throws {
        let it = try Case(mask)
        let (frames, tokens) = (it.geometry.frames, it.geometry.tokens)
        for query in 0..<frames {
            let row = it.attention.temporal[query * frames * tokens..<(query + 1) * frames * tokens]
            expectClose([row.reduce(0, +)], [1], .algebraic, "sum of frame \(query)")
            for (index, value) in row.enumerated() {
                let frame = index / tokens
                let isSeen = index == query * tokens || (mask == .kmt ? frame != query : frame < query)
                #expect(isSeen ? value > 0 : value == 0, "frame \(query) looks at token \(index): \(value)")
            }
            let spatial = it.attention.spatial[query * tokens..<(query + 1) * tokens]
            expectClose([spatial.reduce(0, +)], [1], .algebraic, "rollout of frame \(query)")
            #expect(spatial.allSatisfy { $0 > 0 })
        }
        for row in it.attention.frameWeights() { expectClose([row.reduce(0, +)], [1], .algebraic, "frame weights") }
    }

    /// With one temporal block its input is known, so its probabilities follow from the golden tokens by the formula.
    @Test(.tags(.golden), arguments: KroneckerMask.allCases) func equalsTheFormula(mask: KroneckerMask) throws {
        let it = try Case(mask)
        let weights = try GoldenTensors(Golden.path("forward/small.safetensors"))
        let (frames, tokens, width) = (it.geometry.frames, it.geometry.tokens, it.geometry.visionWidth)
        let length = frames * tokens
        let part = "visual.transformer_t.resblocks.0.temporal_"
        func values(_ name: String) throws -> [Double] { try weights.floats(name).values.map(Double.init) }
        let (gain, shift) = (try values(part + "ln_1.weight"), try values(part + "ln_1.bias"))
        let (matrix, bias) = (try values(part + "attn.in_proj_weight"), try values(part + "attn.in_proj_bias"))
        let slots = try values("visual.temporal_embedding")
        let spatial = try it.golden.floats("spatial_tokens").values.map(Double.init)
        let rows = (0..<length).map { row -> [Double] in
            let x = (0..<width).map { spatial[row * width + $0] + slots[row / tokens * width + $0] }
            let mean = x.reduce(0, +) / Double(width)
            let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return (0..<width).map { (x[$0] - mean) / (variance + 1e-5).squareRoot() * gain[$0] + shift[$0] }
        }
        func projected(_ row: Int, _ first: Int) -> [Double] {
            (first..<first + 64).map { out in
                bias[out] + (0..<width).reduce(0) { $0 + matrix[out * width + $1] * rows[row][$1] }
            }
        }
        var expected = [Double](repeating: 0, count: frames * length)
        for head in 0..<it.geometry.visionHeads {
            let keys = (0..<length).map { projected($0, width + head * 64) }
            for query in 0..<frames {
                let asked = projected(query * tokens, head * 64)
                let weights = (0..<length).map { key -> Double in
                    let frame = key / tokens
                    let isSeen = key == query * tokens || (mask == .kmt ? frame != query : frame < query)
                    return isSeen ? exp(zip(asked, keys[key]).reduce(0) { $0 + $1.0 * $1.1 } / 8) : 0
                }
                let total = weights.reduce(0, +)
                for key in 0..<length {
                    expected[query * length + key] += weights[key] / total / Double(it.geometry.visionHeads)
                }
            }
        }
        expectClose(it.attention.temporal, expected.map(Float.init), .scores, "probabilities")
    }

    @Test func theFirstFrameOfACausalWindowSeesOnlyItself() throws {
        let it = try Case(.kmct)
        #expect(it.attention.temporal[0] == 1)
        #expect(it.attention.frameWeights()[0] == [1, 0, 0, 0])
        #expect(it.attention.temporalMap(frame: 3).allSatisfy { $0 == 0 })
        #expect(it.attention.temporalMap(frame: 0).allSatisfy { $0 > 0 })
    }

    @Test func rolloutIsTheProductsFirstRow() {
        let tokens = 5
        let layers = (0..<3).map { layer in
            let buffer = FloatBuffer(count: tokens * tokens)
            for row in 0..<tokens {
                let weights = (0..<tokens).map { Float((layer * 5 + row * 7 + $0 * 3) % 11 + 1) }
                for key in 0..<tokens { buffer.pointer[row * tokens + key] = weights[key] / weights.reduce(0, +) }
            }
            return buffer
        }
        var product = (0..<tokens).map { row in (0..<tokens).map { $0 == row ? Float(1) : 0 } }
        for layer in layers {
            product = (0..<tokens).map { row in
                (0..<tokens).map { column in
                    (0..<tokens).reduce(0) { sum, middle in
                        let own: Float = row == middle ? 1 : 0
                        return sum + (layer.pointer[row * tokens + middle] + own) / 2 * product[middle][column]
                    }
                }
            }
        }
        expectClose(AttentionMaps.rollout(layers, tokens: tokens), product[0], .algebraic, "rollout")
    }
}
