import Foundation
import Recognizer
import TestSupport
import Testing

/// Gradients of models of many shapes against PyTorch's in double precision. Weights and inputs follow from a formula that
/// `Tests/Oracle/make_gradients.py` has too.
@Suite(.tags(.golden)) struct GradientShapeTests {
    private struct Gradient: Decodable {
        let norm: Double
        let largest: Double
        let places: [Int]
        let values: [Double]
    }

    private struct Shape: Decodable {
        let mask: KroneckerMask
        let frames, heads, spatial, temporal, clips, prompts, classes: Int
        let loss: Double
        let gradients: [String: Gradient]
    }

    /// -0.5 ..< 0.5: the upper 24 bits of a hash of place and key.
    private static func numbers(_ count: Int, _ key: Int) -> [Float] {
        (0..<count).map { place in
            var x = UInt32(truncatingIfNeeded: place) &* 2_654_435_761 &+ UInt32(truncatingIfNeeded: key &* 40503)
            x ^= x >> 15
            x = x &* 2_246_822_519
            x ^= x >> 13
            return Float(x >> 8) / Float(1 << 24) - 0.5
        }
    }

    private static func makeCase(_ shape: Shape) -> TrainingCase {
        let geometry = RandomModel.geometry(
            frames: shape.frames, heads: shape.heads, spatialLayers: shape.spatial, temporalLayers: shape.temporal,
            mask: shape.mask)
        var tensors: [String: StoredTensor] = [:]
        for (key, entry) in ModelTensors.shapes(of: geometry).sorted(by: { $0.key < $1.key }).enumerated() {
            let (name, extents) = entry
            var values = numbers(extents.reduce(1, *), key)
            if name == "logit_scale" {
                values = [3]
            } else if name.contains("ln_") && name.hasSuffix("weight") {
                values = values.map { $0 + 1 }
            } else {
                values = values.map { $0 * 0.25 }
            }
            tensors[name] = StoredTensor(Tensor(shape: extents, values: values))
        }
        let pictures = numbers(shape.clips * shape.frames * 3 * 24 * 24, 1001).map { $0 * 4 }
        let raw = numbers(shape.clips * shape.classes, 1002).map { $0 + 0.75 }
        let targets = raw.indices.map { index in
            let begin = index / shape.classes * shape.classes
            return raw[index] / raw[begin..<begin + shape.classes].reduce(0, +)
        }
        let ids = numbers(shape.prompts * shape.classes * 20, 1003).map { Int32(($0 + 0.5) * 512) }
        let prompts = (0..<shape.prompts).map { a in
            (0..<shape.classes).map { b in
                let count = 2 + (5 * a + 3 * b) % 9
                let begin = (a * shape.classes + b) * 20
                return [512] + ids[begin + 1..<begin + count - 1] + [513]
            }
        }
        return TrainingCase(
            geometry: geometry, weights: StateDict(tensors: tensors),
            patches: PatchMatrix.of(pictures[...], geometry: geometry), clips: shape.clips, targets: targets,
            prompts: prompts)
    }

    @Test(arguments: ["kmct", "three-heads", "long", "one-frame", "batch-of-one"])
    func equalsTheReference(name: String) throws {
        let data = try Data(contentsOf: URL(filePath: Golden.path("training/gradients-more.json")))
        let shape = try #require(try JSONDecoder().decode([String: Shape].self, from: data)[name])
        let it = Self.makeCase(shape)
        let step = try it.step()
        let outcome = try it.accumulate(step)
        #expect(abs(outcome.loss - shape.loss) <= 1e-5 * shape.loss, "loss \(outcome.loss), expected \(shape.loss)")
        let gradients = step.gradients.tensors.mapValues { $0.floats().values }
        #expect(Set(gradients.keys) == Set(shape.gradients.keys))
        for (parameter, expected) in shape.gradients.sorted(by: { $0.key < $1.key }) {
            let values = try #require(gradients[parameter])
            expectClose(
                expected.places.map { values[$0] }, expected.values.map(Float.init),
                Tolerance(absolute: 1e-4 * expected.largest), "gradient of \(parameter)")
            let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm - expected.norm) <= 1e-4 * expected.norm, "norm of \(parameter)'s gradient")
        }
    }
}
