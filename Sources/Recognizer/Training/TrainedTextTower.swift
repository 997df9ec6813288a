import CKernels

/// The text side forward and backward.
///
/// Texts of similar length are computed together, a group of bounded size after the other. When there is more than one, their
/// activations do not stay: the backward computes each group's forward again, so that memory does not grow with the number
/// of prompts.
final class TrainedTextTower {
    private let geometry: ModelGeometry
    private let work: TrainingWorkspace
    private let rowLimit: Int
    /// (V, D)
    private let embedding: ParameterSlot
    /// (K, D)
    private let positions: ParameterSlot
    private let blocks: [TrainedBlock]
    private let head: ProjectionHead
    /// Of every block, and of all else.
    private let blockGradients: [GradientStretch?]
    private let otherGradients: GradientStretch?
    private let arena: Arena<Memory>

    private struct Memory {
        /// (rows, D) each: the input of every block, and the last one's output. Where nothing is trained two take turns.
        let inputs: [UnsafeMutablePointer<Float>]
        /// Of every block; the same one again and again where nothing is trained.
        let tapes: [TrainedBlock.Tape]
        let head: ProjectionHead.Tape
        let gradients: TrainedBlock.Gradients
        /// (rows, D) each.
        let dStreams: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
        /// (rows, E)
        let dUnits: UnsafeMutablePointer<Float>
    }

    /// Texts that are computed together.
    private struct Group {
        /// Places in the list of texts.
        let members: [Int]
        /// Token ids up to the end token.
        let texts: [ArraySlice<Int32>]
        /// Tokens of the longest.
        let length: Int
    }

    /// - Parameters:
    ///   - rows: tokens of a group at most, padding included; at least the context length.
    ///   - isTrained: whether there will be a backward.
    init(
        _ parameters: TrainedParameters, _ geometry: ModelGeometry, rows: Int, isTrained: Bool,
        _ work: TrainingWorkspace
    ) {
        precondition(rows >= geometry.contextLength, "\(rows) rows for texts of \(geometry.contextLength)")
        let width = geometry.textWidth
        self.geometry = geometry
        self.work = work
        rowLimit = rows
        embedding = parameters.slot("token_embedding.weight")
        positions = parameters.slot("positional_embedding")
        blocks = (0..<geometry.textLayers).map {
            TrainedBlock(parameters, part: "transformer.resblocks.\($0).", width: width)
        }
        head = ProjectionHead(
            parameters, norm: "ln_final", projection: "text_projection", width: width,
            outputs: geometry.embeddingWidth)
        blockGradients = (0..<geometry.textLayers).map { parameters.gradients(of: .text, block: $0) }
        otherGradients = parameters.gradients(of: .text)
        arena = Arena { Self.layOut(&$0, geometry, rows: rows, isTrained: isTrained) }
    }

    private static func layOut(
        _ arena: inout ArenaCursor, _ geometry: ModelGeometry, rows: Int, isTrained: Bool
    ) -> Memory {
        let width = geometry.textWidth
        var inputs: [UnsafeMutablePointer<Float>] = []
        var tapes: [TrainedBlock.Tape] = []
        for block in 0...geometry.textLayers {
            inputs.append(isTrained || block < 2 ? arena.take(rows * width) : inputs[block - 2])
            let isNew = isTrained || tapes.isEmpty
            tapes.append(isNew ? TrainedBlock.Tape(rows: rows, width: width, &arena) : tapes[0])
        }
        return Memory(
            inputs: inputs, tapes: tapes,
            head: ProjectionHead.Tape(rows: rows, width: width, outputs: geometry.embeddingWidth, &arena),
            gradients: TrainedBlock.Gradients(rows: rows, width: width, &arena),
            dStreams: (arena.take(rows * width), arena.take(rows * width)),
            dUnits: arena.take(rows * geometry.embeddingWidth))
    }

    /// Floats of activations and of gradients between layers.
    static func floatCount(_ geometry: ModelGeometry, rows: Int, isTrained: Bool) -> Int {
        Arena<Memory>.count { layOut(&$0, geometry, rows: rows, isTrained: isTrained) }
    }

    /// - Parameters:
    ///   - out: (texts, E), of length one.
    ///   - texts: token ids with start and end; each is read up to its first highest id, the end token.
    func forward(_ out: UnsafeMutablePointer<Float>, _ texts: [[Int32]]) {
        let width = geometry.embeddingWidth
        for group in groups(texts) {
            forward(group)
            for (row, member) in group.members.enumerated() {
                (out + member * width).update(from: arena.contents.head.units + row * width, count: width)
            }
        }
    }

    /// Adds into the tower's gradients; after `forward` with the same texts.
    ///
    /// - Parameters:
    ///   - dOut: (texts, E)
    ///   - observer: told of each block's gradients when they are complete, the last block's first, then of all others.
    func backward(_ dOut: UnsafePointer<Float>, _ texts: [[Int32]], observer: GradientStretch.Observer? = nil) {
        let (memory, width) = (arena.contents, geometry.embeddingWidth)
        let groups = groups(texts)
        let adds = work.sums.adds
        defer { work.sums.adds = adds }
        for (number, group) in groups.enumerated() {
            work.sums.adds = adds || number > 0
            if groups.count > 1 { forward(group) }
            for (row, member) in group.members.enumerated() {
                (memory.dUnits + row * width).update(from: dOut + member * width, count: width)
            }
            backward(group, observer: number + 1 < groups.count ? nil : observer)
        }
        if let observer, let otherGradients { observer(otherGradients) }
    }

    private func groups(_ texts: [[Int32]]) -> [Group] {
        let ended = texts.map(Self.upToEnd)
        var groups: [Group] = []
        var members: [Int] = []
        func close() {
            guard let longest = members.last else { return }
            groups.append(Group(members: members, texts: members.map { ended[$0] }, length: ended[longest].count))
            members = []
        }
        for index in texts.indices.sorted(by: { (ended[$0].count, $0) < (ended[$1].count, $1) }) {
            precondition(
                (1...geometry.contextLength).contains(ended[index].count),
                "\(ended[index].count) tokens in a context of \(geometry.contextLength)")
            if (members.count + 1) * ended[index].count > rowLimit { close() }
            members.append(index)
        }
        close()
        return groups
    }

    /// Up to and including the first of the highest id.
    private static func upToEnd(_ text: [Int32]) -> ArraySlice<Int32> {
        guard let highest = text.max(), let end = text.firstIndex(of: highest) else { return [] }
        return text[...end]
    }

    private func attention(_ group: Group) -> TrainedAttention {
        TrainedAttention(
            sequences: group.texts.count, length: group.length, heads: geometry.textHeads, pattern: .causal)
    }

    private func forward(_ group: Group) {
        let (memory, width, length) = (arena.contents, geometry.textWidth, group.length)
        work.pool.forEach(parts: group.texts.count) { part, _ in
            let text = group.texts[part]
            for place in 0..<length {
                // Behind a shorter text's end any token will do: nothing before it sees it.
                let token = place < text.count ? Int(text[text.startIndex + place]) : 0
                precondition(
                    token >= 0 && token < geometry.vocabularySize, "token \(token) of \(geometry.vocabularySize)")
                work.kernels.add_scaled_rows(
                    memory.inputs[0] + (part * length + place) * width, embedding.value + token * width,
                    positions.value + place * width, nil, 1, width)
            }
        }
        for (index, block) in blocks.enumerated() {
            block.forward(
                memory.inputs[index + 1], memory.inputs[index], memory.tapes[index], attention(group), factors: .none,
                work)
        }
        for (row, text) in group.texts.enumerated() {
            let end = memory.inputs[blocks.count] + (row * length + text.count - 1) * width
            (memory.head.x + row * width).update(from: end, count: width)
        }
        head.forward(memory.head, rows: group.texts.count, work)
    }

    private func backward(_ group: Group, observer: GradientStretch.Observer?) {
        let (memory, width, length) = (arena.contents, geometry.textWidth, group.length)
        let count = group.texts.count
        var (dStream, other) = memory.dStreams
        head.backward(other, memory.dUnits, memory.head, rows: count, work)
        dStream.update(repeating: 0, count: count * length * width)
        for (row, text) in group.texts.enumerated() {
            (dStream + (row * length + text.count - 1) * width).update(from: other + row * width, count: width)
        }
        for index in blocks.indices.reversed() {
            blocks[index].backward(
                other, dStream, memory.inputs[index], memory.tapes[index], memory.gradients, attention(group),
                factors: .none, work)
            if let observer, let gradients = blockGradients[index] { observer(gradients) }
            swap(&dStream, &other)
        }
        if let gradient = positions.gradient {
            work.pool.forEach(parts: length) { place, _ in
                work.kernels.add_columns(
                    gradient + place * width, dStream + place * width, length * width, count, width)
            }
        }
        // Texts share tokens, so a part is a stretch of columns rather than a text.
        guard let gradient = embedding.gradient else { return }
        let columns = ModelGeometry.headWidth
        work.pool.forEach(parts: width / columns) { part, _ in
            for (row, text) in group.texts.enumerated() {
                for (place, token) in text.enumerated() {
                    work.kernels.add(
                        gradient + Int(token) * width + part * columns,
                        dStream + (row * length + place) * width + part * columns, columns)
                }
            }
        }
    }
}
