import CKernels

extension Vocabulary {
    /// Adds one prompt's part to a window's scores: the softmax over classes of the scaled cosines, divided by the number of
    /// prompts.
    ///
    /// - Parameters:
    ///   - scores: (C), added to.
    ///   - feature: (E)
    ///   - logits: (C), scratch.
    func addScores(
        _ scores: UnsafeMutablePointer<Float>, prompt: Int, feature: UnsafePointer<Float>, scale: Float,
        logits: UnsafeMutablePointer<Float>
    ) {
        let (classes, width) = (features.shape[1], features.shape[2])
        let share = 1 / Float(prompts)
        features.values.withUnsafeBufferPointer { features in
            guard let features = features.baseAddress else { return }
            ckernels_matrix_vector(logits, features + prompt * classes * width, feature, classes, width)
            ckernels_softmax(logits, classes, scale)
            for index in 0..<classes { scores[index] += logits[index] * share }
        }
    }

    /// Scores of clips seen in several views: the mean over the views of the softmax over classes, itself the mean over
    /// prompts. A clip's scores do not depend on the clips beside it.
    ///
    /// - Parameters:
    ///   - features: (clips, views, E)
    ///   - scale: `exp(logit_scale)`
    /// - Returns: (clips, C)
    package func scores(_ features: UnsafePointer<Float>, clips: Int, views: Int, scale: Float) -> [Float] {
        let (classes, width) = (self.features.shape[1], self.features.shape[2])
        let logits = FloatBuffer(count: classes)
        let ofViews = FloatBuffer(count: clips * views * classes)
        // Prompts outermost: a prompt's texts stay in the cache for all the views.
        for prompt in 0..<prompts {
            for view in 0..<clips * views {
                addScores(
                    ofViews.pointer + view * classes, prompt: prompt, feature: features + view * width, scale: scale,
                    logits: logits.pointer)
            }
        }
        var out = [Float](repeating: 0, count: clips * classes)
        for clip in 0..<clips {
            for view in 0..<views {
                let row = ofViews.pointer + (clip * views + view) * classes
                for index in 0..<classes { out[clip * classes + index] += row[index] }
            }
            for index in 0..<classes { out[clip * classes + index] /= Float(views) }
        }
        return out
    }

    /// The same labels with some of the prompts, in the order given.
    package func selecting(_ chosen: [Int]) -> Vocabulary {
        let size = features.shape[1] * features.shape[2]
        let values = chosen.flatMap { features.values[$0 * size..<($0 + 1) * size] }
        return Vocabulary(
            labels: labels, features: Tensor(shape: [chosen.count] + features.shape.dropFirst(), values: values))
    }
}
