import CKernels
import Foundation

/// The temporal part that plain CLIP lacks, begun so that it changes nothing: the model then equals CLIP's features
/// averaged over frames, and every new weight still receives a gradient.
enum IdentityBlocks {
    /// All temporal tensors of `geometry`.
    ///
    /// The temporal embedding, `attn.out_proj` and `mlp.c_proj` are zero, norms are one and zero. Query, key, value and
    /// `mlp.c_fc` weights are drawn as CLIP draws its own: normal, deviation `D^-1/2` and `(2D)^-1/2`, their biases zero;
    /// the seed is fixed, so two imports give the same file.
    static func tensors(_ geometry: ModelGeometry, type: ElementType) -> [String: StoredTensor] {
        var random = NormalSource(seed: 0x636C_6176_6572)
        var tensors: [String: StoredTensor] = [:]
        let width = Float(geometry.visionWidth)
        let shapes = ModelTensors.shapes(of: geometry).filter { ModelTensors.isTemporal($0.key) }
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let count = shape.reduce(1, *)
            let values: [Float]
            if name.hasSuffix("attn.in_proj_weight") {
                values = random.values(count, deviation: 1 / width.squareRoot())
            } else if name.hasSuffix("mlp.c_fc.weight") {
                values = random.values(count, deviation: 1 / (2 * width).squareRoot())
            } else {
                let isNormWeight = name.hasSuffix("ln_1.weight") || name.hasSuffix("ln_2.weight")
                values = [Float](repeating: isNormWeight ? 1 : 0, count: count)
            }
            tensors[name] = stored(values, shape: shape, type: type)
        }
        return tensors
    }

    private static func stored(_ values: [Float], shape: [Int], type: ElementType) -> StoredTensor {
        guard type == .float16 || type == .bfloat16 else { return StoredTensor(Tensor(shape: shape, values: values)) }
        let owner = HeapBytes(count: values.count * 2) { memory in
            guard let base = memory.baseAddress?.assumingMemoryBound(to: UInt16.self) else { return }
            if type == .float16 {
                ckernels_f32_to_f16(base, values, values.count)
            } else {
                ckernels_f32_to_bf16(base, values, values.count)
            }
        }
        return StoredTensor(type: type, shape: shape, owner: owner, range: 0..<values.count * 2)
    }

    /// Normally distributed numbers by the Box-Muller transform over SplitMix64.
    private struct NormalSource {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        /// Uniform over (0, 1].
        private mutating func uniform() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
            bits ^= bits >> 31
            return Double(bits >> 11 + 1) * 0x1p-53
        }

        mutating func values(_ count: Int, deviation: Float) -> [Float] {
            [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
                for index in stride(from: 0, to: count, by: 2) {
                    let radius = (-2 * log(uniform())).squareRoot() * Double(deviation)
                    let angle = 2 * Double.pi * uniform()
                    buffer[index] = Float(radius * cos(angle))
                    if index + 1 < count { buffer[index + 1] = Float(radius * sin(angle)) }
                }
                initialised = count
            }
        }
    }
}
