import CKernels

/// Computes the unit features of prompts. Made when texts are to be encoded and dropped afterwards: a stream does not need it.
package struct TextEncoder {
    private let tower: any TextTower
    private let geometry: ModelGeometry

    package init(weights: ModelWeights, geometry: ModelGeometry, backend: any Backend) throws {
        tower = try backend.makeTextTower(weights, geometry)
        self.geometry = geometry
    }

    /// Features of texts as the tower gives them, (texts, E).
    ///
    /// - Parameter texts: token ids with start and end, each within the context and the vocabulary.
    package func features(_ texts: [[Int32]]) -> Tensor {
        var out = Tensor(zeros: [texts.count, geometry.embeddingWidth])
        out.values.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { tower.encode(texts[...], features: base) }
        }
        return out
    }

    /// Features of length one, (texts, E).
    package func unitFeatures(_ texts: [[Int32]]) -> Tensor {
        var out = features(texts)
        let width = geometry.embeddingWidth
        out.values.withUnsafeMutableBufferPointer { buffer in
            for row in 0..<texts.count {
                let length = ckernels_length(buffer.baseAddress! + row * width, width)
                for i in row * width..<(row + 1) * width { buffer[i] /= length }
            }
        }
        return out
    }
}
