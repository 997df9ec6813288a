import CKernels

/// Weights and optimizer state in and out.
extension TrainingStep {
    private static let meanPrefix = "exp_avg."
    private static let squarePrefix = "exp_avg_sq."
    package static let averagePrefix = "average."
    private static let updatesKey = "updates"

    /// All parameters in float32, under the authors' names, to be written or copied before the next update changes them.
    package var weights: StateDict {
        StateDict(tensors: TrainedParameters.views(parameters.values, parameters.layout))
    }

    /// `weights` with the average over the updates in place of what is trained; nil where none is kept.
    package var averagedWeights: StateDict? {
        guard let average else { return nil }
        var state = weights
        state.tensors.merge(TrainedParameters.views(average, parameters.trained)) { _, averaged in averaged }
        return state
    }

    /// Whether every parameter is a finite number.
    package var isFinite: Bool {
        parameters.values.pointer.withMemoryRebound(to: UInt32.self, capacity: parameters.values.count) { bits in
            // An exponent of ones alone carries into the highest bit.
            var carries: UInt32 = 0
            for index in 0..<parameters.values.count { carries |= (bits[index] & 0x7F80_0000) + 0x0080_0000 }
            return carries < 0x8000_0000
        }
    }

    /// Copies of the gradients that were accumulated.
    package var gradients: StateDict {
        StateDict(tensors: TrainedParameters.copies(parameters.gradients, parameters.trained))
    }

    /// What the optimizer keeps; with `weights` all that a later run needs to go on, and like these not a copy.
    package var optimizerState: StateDict {
        var tensors = TrainedParameters.views(optimizer.mean, parameters.trained, prefix: Self.meanPrefix)
        tensors.merge(
            TrainedParameters.views(optimizer.square, parameters.trained, prefix: Self.squarePrefix)
        ) { first, _ in first }
        if let average {
            tensors.merge(
                TrainedParameters.views(average, parameters.trained, prefix: Self.averagePrefix)
            ) { first, _ in first }
        }
        return StateDict(tensors: tensors, metadata: [Self.updatesKey: String(updates)])
    }

    /// Takes over the weights and the optimizer state of a run with the same options. Gradients that were accumulated are
    /// forgotten.
    ///
    /// - Throws: `RecognizerError` for missing tensors, wrong shapes and a missing number of updates; then nothing of it may be
    ///   used.
    package func restore(weights: StateDict, optimizerState: StateDict) throws(RecognizerError) {
        let path = "optimizer state"
        guard let updates = optimizerState.metadata[Self.updatesKey].flatMap({ Int($0) }), updates >= 0 else {
            throw .malformed(path: path, reason: "no number of updates in its metadata")
        }
        discard()
        try parameters.load(weights)
        try load(optimizer.mean, Self.meanPrefix, optimizerState, path)
        try load(optimizer.square, Self.squarePrefix, optimizerState, path)
        if let average { try load(average, Self.averagePrefix, optimizerState, path) }
        self.updates = updates
    }

    /// Makes weights and optimizer those of rank 0; every rank of the group calls it.
    ///
    /// - Throws: also for a rank whose weights stand otherwise than those of rank 0: sums of the gradients would mix them up.
    package func takeOverFirstRank() throws(RankGroupError) {
        guard let ranks = sharing?.ranks else { return }
        let panel = work.weightPanel ?? 0
        let first = try broadcast(panel, ranks)
        guard first == panel else { throw .panels(own: panel, first: first) }
        for buffer in [parameters.values, optimizer.mean, optimizer.square] + [average].compactMap(\.self) {
            try ranks.broadcast(UnsafeMutableRawBufferPointer(start: buffer.pointer, count: buffer.count * 4))
        }
        updates = try broadcast(updates, ranks)
    }

    /// Rank 0's number.
    private func broadcast(_ number: Int, _ ranks: RankGroup) throws(RankGroupError) -> Int {
        var number = Int64(number)
        let outcome = withUnsafeMutableBytes(of: &number) { bytes in
            Result { () throws(RankGroupError) in try ranks.broadcast(bytes) }
        }
        try outcome.get()
        return Int(number)
    }

    private func load(
        _ buffer: PagedFloats, _ prefix: String, _ state: StateDict, _ path: String
    ) throws(RecognizerError) {
        for entry in parameters.trained.entries {
            let name = prefix + entry.name
            guard let tensor = state.tensors[name] else {
                throw .tensorNames(path: path, missing: [name], unexpected: [])
            }
            guard tensor.shape == entry.shape else {
                throw .shapeMismatch(tensor: name, expected: entry.shape, actual: tensor.shape)
            }
            TrainedParameters.load(tensor, buffer, entry)
        }
    }

    /// Begins the average at the weights as they are.
    func resetAverage() {
        guard let average else { return }
        eachTrained { offset, value, count in
            (average.pointer + offset).update(from: value, count: count)
        }
    }

    /// Moves the average towards the weights.
    func follow(_ average: PagedFloats, decay: Float) {
        eachTrained { offset, value, count in
            let at = average.pointer + offset
            work.kernels.blend(at, at, decay, value, 1 - decay, count)
        }
    }

    private func eachTrained(_ body: (_ offset: Int, _ value: UnsafePointer<Float>, _ count: Int) -> Void) {
        let entries = parameters.trained.entries
        work.pool.forEach(parts: entries.count) { part, _ in
            body(entries[part].offset, parameters.slot(entries[part].name).value, entries[part].paddedCount)
        }
    }
}
