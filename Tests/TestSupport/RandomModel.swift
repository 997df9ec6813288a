package import Recognizer

/// Models of any geometry with seeded weights, large enough that every part of the network shows in the result.
package enum RandomModel {
    /// Byte-level texts, an image of three by three patches, one or more heads.
    package static func geometry(
        frames: Int = 4, heads: Int = 2, spatialLayers: Int = 2, temporalLayers: Int = 2, mask: KroneckerMask = .kmt
    ) -> ModelGeometry {
        ModelGeometry(
            imageSize: 24, patchSize: 8, frames: frames, visionWidth: 64 * heads, visionLayers: spatialLayers,
            temporalLayers: temporalLayers, embeddingWidth: 40, textWidth: 64, textLayers: 1, contextLength: 20,
            vocabularySize: 514, mask: mask)
    }

    package static func state(_ geometry: ModelGeometry, seed: UInt64 = 0) -> StateDict {
        var numbers = SeededNumbers(seed: seed)
        var tensors: [String: StoredTensor] = [:]
        for (name, shape) in ModelTensors.shapes(of: geometry).sorted(by: { $0.key < $1.key }) {
            let count = shape.reduce(1, *)
            let values =
                if name == "logit_scale" { [Float(3)] } else if name.contains("ln_") && name.hasSuffix("weight") {
                    numbers.floats(count, in: 0.5...1.5)
                } else { numbers.floats(count, in: -0.15...0.15) }
            tensors[name] = StoredTensor(copying: Tensor(shape: shape, values: values))
        }
        return StateDict(tensors: tensors)
    }

    package static func session(
        _ geometry: ModelGeometry, on backend: TestBackend = .openBLAS, workers: Int = 1, capacity: VisionCapacity,
        seed: UInt64 = 0
    ) throws -> RecognizerSession {
        try RecognizerSession(
            weights: ModelWeights(state(geometry, seed: seed)), geometry: geometry,
            backend: backend.make(workers: workers), capacity: capacity)
    }

    /// One prompt per class, unit features.
    package static func vocabulary(classes: Int, prompts: Int = 1, _ geometry: ModelGeometry) -> Vocabulary {
        var numbers = SeededNumbers(seed: 77)
        let width = geometry.embeddingWidth
        var values: [Float] = []
        for _ in 0..<classes * prompts {
            let row = numbers.floats(width)
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            values += row.map { $0 / length }
        }
        return Vocabulary(
            labels: (0..<classes).map { "class \($0)" },
            features: Tensor(shape: [prompts, classes, width], values: values))
    }
}
