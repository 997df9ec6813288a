package import Recognizer

/// The small golden model: two heads, 3 + 1 blocks, T = 4.
package enum GoldenModel {
    package static func geometry(_ mask: KroneckerMask) -> ModelGeometry {
        ModelGeometry(
            imageSize: 32, patchSize: 8, frames: 4, visionWidth: 128, visionLayers: 3, temporalLayers: 1,
            embeddingWidth: 48,
            textWidth: 64, textLayers: 2, contextLength: 77, vocabularySize: 514, mask: mask)
    }

    package static func weights() throws -> ModelWeights { ModelWeights(try state()) }

    package static func state() throws -> StateDict {
        let file = try GoldenTensors(Golden.path("forward/small.safetensors"))
        var tensors: [String: StoredTensor] = [:]
        for name in file.names { tensors[name] = StoredTensor(copying: try file.floats(name)) }
        return StateDict(tensors: tensors)
    }
}

extension StoredTensor {
    /// A tensor in memory of its own.
    package init(copying tensor: Tensor) {
        self.init(
            type: .float32, shape: tensor.shape, owner: ArrayBytes(tensor.values), range: 0..<tensor.values.count * 4)
    }
}

/// `@unchecked Sendable`: never written after `init`.
private final class ArrayBytes: ByteOwner, @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(_ values: [Float]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: values.count * 4, alignment: 64)
        values.withUnsafeBytes { copy.copyMemory(from: $0) }
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
