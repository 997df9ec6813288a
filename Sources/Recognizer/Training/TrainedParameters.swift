import CKernels
import Synchronization

/// The parameters of a model in one arena, and the gradients of those that are trained in another.
final class TrainedParameters {
    /// Of all parameters.
    let layout: ParameterLayout
    /// Of those that are trained: gradients and all that an optimizer keeps lie like this.
    let trained: ParameterLayout
    let values: PagedFloats
    let gradients: PagedFloats

    /// - Parameter panel: of the blocks' matrices; `TrainingWorkspace.weightPanel`.
    /// - Throws: `RecognizerError` for missing tensors and wrong shapes.
    init(
        _ state: StateDict, _ geometry: ModelGeometry, panel: Int?, isTrained: (String) -> Bool
    ) throws(RecognizerError) {
        layout = ParameterLayout(geometry, panel: panel)
        trained = ParameterLayout(geometry, panel: panel, where: isTrained)
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
            Self.load(tensor, values, entry)
        }
    }

    /// The parameter `name` and its gradient.
    ///
    /// - Precondition: the geometry has such a parameter.
    func slot(_ name: String) -> ParameterSlot {
        guard let entry = layout.entry(name) else { preconditionFailure("no parameter \(name)") }
        return ParameterSlot(
            value: UnsafePointer(values.pointer + entry.offset),
            gradient: trained.entry(name).map { gradients.pointer + $0.offset }, panel: entry.panel, owner: self)
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

    /// Copies a tensor of an entry's shape to its place in an arena.
    static func load(_ tensor: StoredTensor, _ buffer: PagedFloats, _ entry: ParameterLayout.Entry) {
        let to = buffer.pointer + entry.offset
        guard entry.panel != nil else { return tensor.copyFloats(into: to) }
        // The heap would keep the largest matrix's memory, the system has it back.
        let rows = PagedFloats(count: entry.count)
        tensor.copyFloats(into: rows.pointer)
        eachRun(of: entry) { place, index, count in (to + place).update(from: rows.pointer + index, count: count) }
    }

    /// A copy of a parameter's values, or of its gradient, as a tensor.
    static func copy(_ buffer: PagedFloats, _ entry: ParameterLayout.Entry) -> StoredTensor {
        let owner = HeapBytes(count: entry.count * 4) { memory in
            eachRun(of: entry) { place, index, count in
                memory.baseAddress?.advanced(by: 4 * index).copyMemory(
                    from: buffer.pointer + entry.offset + place, byteCount: 4 * count)
            }
        }
        return StoredTensor(type: .float32, shape: entry.shape, owner: owner, range: 0..<entry.count * 4)
    }

    /// Calls `body` for all runs of values that stand together in the tensor and in the arena.
    ///
    /// - Parameter body: told the first one's place from the entry's start, its index in the tensor, and how many they are.
    private static func eachRun(
        of entry: ParameterLayout.Entry, _ body: (_ place: Int, _ index: Int, _ count: Int) -> Void
    ) {
        guard let panel = entry.panel else { return body(0, 0, entry.count) }
        let (rows, columns) = (entry.shape[0], entry.shape[1])
        for row in 0..<rows {
            for column in stride(from: 0, to: columns, by: panel) {
                body(column * rows + row * panel, row * columns + column, panel)
            }
        }
    }

    /// Copies of all entries of a layout.
    static func copies(_ buffer: PagedFloats, _ layout: ParameterLayout) -> [String: StoredTensor] {
        var tensors: [String: StoredTensor] = [:]
        for entry in layout.entries { tensors[entry.name] = copy(buffer, entry) }
        return tensors
    }

    /// All entries of a layout under `prefix` and their names, as they are when they are first read: to be written or copied before
    /// the next update.
    static func views(_ buffer: PagedFloats, _ layout: ParameterLayout, prefix: String = "") -> [String: StoredTensor] {
        var tensors: [String: StoredTensor] = [:]
        for entry in layout.entries {
            tensors[prefix + entry.name] = StoredTensor(
                type: .float32, shape: entry.shape, owner: StandingParameter(buffer, entry), range: 0..<entry.count * 4)
        }
        return tensors
    }

    /// A parameter's values as a tensor has them: where they stand, or for one that stands in panels a copy, made when it is read
    /// and kept until it is forgotten.
    ///
    /// `@unchecked Sendable`: only `copied` changes, under its lock. Whoever reads sees to it that no update runs meanwhile.
    private final class StandingParameter: ByteOwner, @unchecked Sendable {
        private let buffer: PagedFloats
        private let entry: ParameterLayout.Entry
        private let copied = Mutex<PagedFloats?>(nil)

        init(_ buffer: PagedFloats, _ entry: ParameterLayout.Entry) {
            self.buffer = buffer
            self.entry = entry
        }

        var bytes: UnsafeRawBufferPointer {
            guard entry.panel != nil else {
                return UnsafeRawBufferPointer(start: buffer.pointer + entry.offset, count: entry.count * 4)
            }
            return copied.withLock { copied in
                let rows = copied ?? PagedFloats(count: entry.count)
                if copied == nil {
                    TrainedParameters.eachRun(of: entry) { place, index, count in
                        (rows.pointer + index).update(from: buffer.pointer + entry.offset + place, count: count)
                    }
                    copied = rows
                }
                return UnsafeRawBufferPointer(start: rows.pointer, count: entry.count * 4)
            }
        }

        func forget(_ range: Range<Int>) { copied.withLock { $0 = nil } }
    }
}

/// One parameter in place.
struct ParameterSlot {
    let value: UnsafePointer<Float>
    /// Nil where the parameter is frozen. A backward adds into it.
    let gradient: UnsafeMutablePointer<Float>?
    /// How both stand, see `ParameterLayout.Entry`.
    let panel: Int?
    /// Keeps the arenas.
    let owner: TrainedParameters
}
