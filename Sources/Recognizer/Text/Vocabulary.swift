/// What a camera's frames are compared with: labels and the unit features of their prompts.
package struct Vocabulary: Sendable, Equatable {
    /// (C)
    package let labels: [String]
    /// (A, C, E), each row of length one.
    package let features: Tensor

    /// - Precondition: `features` is (A, labels.count, E).
    package init(labels: [String], features: Tensor) {
        precondition(features.shape.count == 3 && features.shape[1] == labels.count, "features \(features.shape)")
        self.labels = labels
        self.features = features
    }

    /// A, prompts per class.
    package var prompts: Int { features.shape[0] }
}
