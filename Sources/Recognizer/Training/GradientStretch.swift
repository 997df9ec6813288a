/// Gradients that lie side by side in the arena of trained parameters: those of a block, of what stands before a tower's
/// blocks, or of its head. Stretches are the same on every process that trains the same parts of the same model.
package struct GradientStretch {
    /// Floats from the arena's start, padding between parameters included.
    package let range: Range<Int>
    package let values: UnsafeMutableBufferPointer<Float>
    private let owner: TrainedParameters

    init(_ owner: TrainedParameters, _ range: Range<Int>) {
        self.range = range
        values = UnsafeMutableBufferPointer(start: owner.gradients.pointer + range.lowerBound, count: range.count)
        self.owner = owner
    }

    /// Told of gradients that no later batch of the update and no later layer adds to, on the thread that accumulates. They
    /// may be changed until the observer returns; where nobody shares them, until `update`.
    package typealias Observer = (GradientStretch) -> Void
}
