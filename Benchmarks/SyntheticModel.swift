import Recognizer

/// Weights of the right shapes and plausible sizes: products take the same time whatever the values, unless they are zero.
struct SyntheticModel {
    let geometry: ModelGeometry
    let state: StateDict

    var weights: ModelWeights { ModelWeights(state) }

    init(_ geometry: ModelGeometry) {
        self.geometry = geometry
        let shapes = ModelTensors.shapes(of: geometry).sorted { $0.key < $1.key }
        // All in one piece, which the allocator gives back to the system when nobody needs it any more.
        let owner = HeapBytes(count: shapes.reduce(0) { $0 + 4 * $1.value.reduce(1, *) }) { memory in
            var generator = SplitMix(state: 1)
            var values = memory.bindMemory(to: Float.self)[...]
            for (name, shape) in shapes {
                let scale: Float = name.contains("ln_") && name.hasSuffix("weight") ? 0 : 0.05
                let offset: Float = scale == 0 ? 1 : name == "logit_scale" ? 4 : 0
                let count = shape.reduce(1, *)
                for index in values.indices.prefix(count) { values[index] = offset + scale * generator.symmetric() }
                values = values.dropFirst(count)
            }
        }
        var tensors: [String: StoredTensor] = [:]
        var offset = 0
        for (name, shape) in shapes {
            let end = offset + 4 * shape.reduce(1, *)
            tensors[name] = StoredTensor(type: .float32, shape: shape, owner: owner, range: offset..<end)
            offset = end
        }
        state = StateDict(tensors: tensors)
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
