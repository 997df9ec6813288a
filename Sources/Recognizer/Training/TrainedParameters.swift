import CKernels

/// The parameters of a model in one arena, and the gradients of those that are trained in another.
final class TrainedParameters {
    /// Of all parameters.
    let layout: ParameterLayout
    /// Of those that are trained: gradients and all that an optimizer keeps lie like this.
    let trained: ParameterLayout
    let values: PagedFloats
    let gradients: PagedFloats

    /// - Throws: `RecognizerError` for missing tensors and wrong shapes.
    init(
        _ state: StateDict, _ geometry: ModelGeometry, isTrained: (String) -> Bool
    ) throws(RecognizerError) {
        layout = ParameterLayout(geometry)
        trained = ParameterLayout(geometry, where: isTrained)
        values = PagedFloats(count: layout.count)
        gradients = PagedFloats(count: trained.count)
        try load(state)
    }

    /// Takes over the values of a model's tensors.
    func load(_ state: StateDict) throws(RecognizerError) {
        for entry in layout.entries {
            guard let tensor = state.tensors[entry.name] else {
                throw .tensorNames(path: "weights", missing: [entry.name], unexpected: [])
            }
            guard tensor.shape == entry.shape else {
                throw .shapeMismatch(tensor: entry.name, expected: entry.shape, actual: tensor.shape)
            }
            tensor.copyFloats(into: values.pointer + entry.offset)
        }
    }

    /// The parameter `name` and its gradient.
    ///
    /// - Precondition: the geometry has such a parameter.
    func slot(_ name: String) -> ParameterSlot {
        guard let entry = layout.entry(name) else { preconditionFailure("no parameter \(name)") }
        return ParameterSlot(
            value: UnsafePointer(values.pointer + entry.offset),
            gradient: trained.entry(name).map { gradients.pointer + $0.offset }, owner: self)
    }

    /// The gradients of what belongs to a part and a block, or to a part's layers outside blocks; nil where they are frozen.
    func gradients(of part: ParameterName.Part, block: Int? = nil) -> GradientStretch? {
        let entries = trained.entries.filter {
            ParameterName.part($0.name) == part && ParameterName.block($0.name) == block
        }
        guard let first = entries.first, let last = entries.last else { return nil }
        return GradientStretch(self, first.offset..<last.offset + last.paddedCount)
    }

    /// Begins an update: sets those gradients to zero that layers add to one by one. Those of the weights of `WeightGradientSum`
    /// are overwritten by its first sums.
    func clearGradients() {
        for entry in trained.entries where !ParameterName.isSummed(entry.name, shape: entry.shape) {
            (gradients.pointer + entry.offset).update(repeating: 0, count: entry.count)
        }
    }

    /// Sets all gradients to zero, where no sums will follow.
    func zeroGradients() {
        gradients.pointer.update(repeating: 0, count: trained.count)
    }

    /// A copy of a parameter's values, or of its gradient, as a tensor.
    static func copy(_ buffer: PagedFloats, _ entry: ParameterLayout.Entry) -> StoredTensor {
        let owner = HeapBytes(count: entry.count * 4) { memory in
            memory.copyMemory(
                from: UnsafeRawBufferPointer(start: buffer.pointer + entry.offset, count: entry.count * 4))
        }
        return StoredTensor(type: .float32, shape: entry.shape, owner: owner, range: 0..<entry.count * 4)
    }

    /// Copies of all entries of a layout under `prefix` and their names.
    static func copies(_ buffer: PagedFloats, _ layout: ParameterLayout, prefix: String = "") -> [String: StoredTensor]
    {
        var tensors: [String: StoredTensor] = [:]
        for entry in layout.entries { tensors[prefix + entry.name] = copy(buffer, entry) }
        return tensors
    }
}

/// One parameter in place.
struct ParameterSlot {
    let value: UnsafePointer<Float>
    /// Nil where the parameter is frozen. A backward adds into it.
    let gradient: UnsafeMutablePointer<Float>?
    /// Keeps the arenas.
    let owner: TrainedParameters
}
