/// The tensors of a model by name, turned into parameters as they are asked for.
///
/// Names are the authors'; `ModelDirectory` has checked that all are there with the right shapes.
package struct ModelWeights: Sendable {
    private let state: StateDict
    /// Of all weights, where it is known: what keeps packed copies apart.
    let digest: String?

    package init(_ state: StateDict, digest: String? = nil) {
        self.state = state
        self.digest = digest
    }

    /// - Throws: `RecognizerError.tensorNames` if the tensor is missing, `.shapeMismatch` if its shape is not `shape`.
    package func parameter(_ name: String, _ shape: Int...) throws(RecognizerError) -> Parameter {
        guard let stored = state.tensors[name] else {
            throw .tensorNames(path: "model", missing: [name], unexpected: [])
        }
        guard stored.shape == shape else {
            throw .shapeMismatch(tensor: name, expected: shape, actual: stored.shape)
        }
        return Parameter(stored)
    }
}
