/// A dense row-major float32 array with its shape: what crosses the module's border (files, tests, prompts' features).
///
/// The hot path works on arenas and pointers instead; see `Arena`.
package struct Tensor: Sendable, Equatable {
    /// Extent of each dimension, slowest first.
    package let shape: [Int]
    /// Row-major values; `shape`'s product many.
    package var values: [Float]

    /// - Precondition: `values.count` is the product of `shape`.
    package init(shape: [Int], values: [Float]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
        self.shape = shape
        self.values = values
    }

    package init(zeros shape: [Int]) {
        self.init(shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *)))
    }
}
