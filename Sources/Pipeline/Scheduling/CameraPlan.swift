package import Recognizer

/// Everything that inference needs to know of one camera.
package struct CameraPlan: Sendable {
    package let name: String
    package let view: ViewGeometry
    /// Stream time from one sampled frame to the next.
    package let period: Duration
    /// Sampled frames from one window to the next.
    package let hop: Int
    /// One per class of `vocabulary`, in its order.
    package let labels: [ActionTracker.Label]
    package let vocabulary: Vocabulary
    /// Of the camera's `MotionGate`; nil for none.
    package let motionThreshold: Double?

    /// - Precondition: labels and vocabulary name the same classes in the same order.
    package init(
        name: String, view: ViewGeometry, period: Duration, hop: Int,
        labels: [ActionTracker.Label], vocabulary: Vocabulary, motionThreshold: Double? = nil
    ) {
        precondition(labels.map(\.name) == vocabulary.labels, "labels and vocabulary differ")
        self.name = name
        self.view = view
        self.period = period
        self.hop = hop
        self.labels = labels
        self.vocabulary = vocabulary
        self.motionThreshold = motionThreshold
    }
}
