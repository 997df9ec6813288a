/// Targets of clips, (B, C).
package enum SoftTargets {
    /// One-hot rows with label smoothing: `smoothing / C` everywhere, and the rest at the label.
    ///
    /// - Precondition: labels are below `classes`.
    package static func of(_ labels: [Int], classes: Int, smoothing: Double) -> [Float] {
        var out = [Float](repeating: Float(smoothing / Double(classes)), count: labels.count * classes)
        for (row, label) in labels.enumerated() {
            precondition(label >= 0 && label < classes, "label \(label) of \(classes)")
            out[row * classes + label] += Float(1 - smoothing)
        }
        return out
    }
}
