import Recognizer

/// Weights of the right shapes and plausible sizes: products take the same time whatever the values, unless they are zero.
struct SyntheticModel {
    let geometry: ModelGeometry
    let weights: ModelWeights

    init(_ geometry: ModelGeometry) {
        self.geometry = geometry
        var generator = SplitMix(state: 1)
        var tensors: [String: StoredTensor] = [:]
        for (name, shape) in ModelTensors.shapes(of: geometry).sorted(by: { $0.key < $1.key }) {
            let scale: Float = name.contains("ln_") && name.hasSuffix("weight") ? 0 : 0.05
            let offset: Float = scale == 0 ? 1 : name == "logit_scale" ? 4 : 0
            let count = shape.reduce(1, *)
            let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                for index in 0..<count { buffer[index] = offset + scale * generator.symmetric() }
                initialized = count
            }
            tensors[name] = StoredTensor(Tensor(shape: shape, values: values))
        }
        weights = ModelWeights(StateDict(tensors: tensors))
    }

    /// `count` frames of noise, (count, N, 3*P*P).
    func frames(_ count: Int) -> [Float] {
        var generator = SplitMix(state: 2)
        return (0..<count * geometry.patches * geometry.patchValues).map { _ in 1.7 * generator.symmetric() }
    }
}

/// A small seeded generator (splitmix64), so that every run has the same numbers.
struct SplitMix {
    var state: UInt64

    /// Uniform in -1..<1.
    mutating func symmetric() -> Float {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Float(Int64(bitPattern: z ^ (z >> 31)) >> 40) / Float(1 << 23)
    }
}
