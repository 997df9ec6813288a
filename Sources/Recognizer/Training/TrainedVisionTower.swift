import CKernels

/// The image side forward and backward: from patches, or from spatial features that were computed earlier, to the clips'
/// features, the mean over frames of unit class embeddings.
final class TrainedVisionTower {
    private let geometry: ModelGeometry
    private let work: TrainingWorkspace
    private let keepsTapes: Bool
    private let trainsSpatial: Bool
    private let patchLayer: PatchLayer
    private let spatial: [TrainedBlock]
    private let slotLayer: SlotLayer
    private let temporal: [TrainedBlock]
    private let last: TrainedClassTokenBlock
    private let head: ProjectionHead
    /// Of every block, spatial then temporal; of the patch layer; of the slot layer; of the head.
    private let blockGradients: [GradientStretch?]
    private let patchGradients, slotGradients, headGradients: GradientStretch?
    private let arena: Arena<Memory>

    private struct Memory {
        let patch: PatchLayer.Tape
        /// (rows, D) each: the input of every block, spatial then temporal.
        let inputs: [UnsafeMutablePointer<Float>]
        /// Of every block but the last; the same one again and again where they are not kept.
        let tapes: [TrainedBlock.Tape]
        let last: TrainedClassTokenBlock.Tape
        let head: ProjectionHead.Tape
        /// (rows, D): the gradient of a block's output, then of its input.
        let dStream: UnsafeMutablePointer<Float>
        /// (F, D): of the class tokens that the head reads.
        let dClassTokens: UnsafeMutablePointer<Float>
        /// (F, E)
        let dUnits: UnsafeMutablePointer<Float>
        /// At the end, as some of it may never be touched.
        let gradients: TrainedBlock.Gradients
    }

    /// - Parameters:
    ///   - clips: of the largest batch.
    ///   - keepsTapes: false computes each block's forward again in the backward (activation checkpointing).
    init(
        _ parameters: TrainedParameters, _ geometry: ModelGeometry, clips: Int, trainsSpatial: Bool, keepsTapes: Bool,
        _ work: TrainingWorkspace
    ) {
        let width = geometry.visionWidth
        self.geometry = geometry
        self.work = work
        self.keepsTapes = keepsTapes
        self.trainsSpatial = trainsSpatial
        patchLayer = PatchLayer(parameters, geometry)
        spatial = (0..<geometry.visionLayers).map {
            TrainedBlock(parameters, part: "visual.transformer.resblocks.\($0).", width: width)
        }
        slotLayer = SlotLayer(parameters, geometry)
        temporal = (0..<geometry.temporalLayers - 1).map {
            TrainedBlock(parameters, part: ModelTensors.temporalBlock($0), width: width)
        }
        last = TrainedClassTokenBlock(
            parameters, part: ModelTensors.temporalBlock(geometry.temporalLayers - 1), geometry)
        head = ProjectionHead(
            parameters, norm: "visual.ln_post", projection: "visual.proj", width: width,
            outputs: geometry.embeddingWidth)
        blockGradients =
            (0..<geometry.visionLayers).map { parameters.gradients(of: .spatial, block: $0) }
            + (0..<geometry.temporalLayers).map { parameters.gradients(of: .temporal, block: $0) }
        patchGradients = parameters.gradients(of: .spatial)
        slotGradients = parameters.gradients(of: .temporal)
        headGradients = parameters.gradients(of: .head)
        arena = Arena { arena in
            Self.layOut(
                &arena, geometry, clips: clips, trainsSpatial: trainsSpatial, keepsTapes: keepsTapes)
        }
    }

    private static func layOut(
        _ arena: inout ArenaCursor, _ geometry: ModelGeometry, clips: Int, trainsSpatial: Bool, keepsTapes: Bool
    ) -> Memory {
        let width = geometry.visionWidth
        let frames = clips * geometry.frames
        let rows = frames * geometry.tokens
        let (spatial, temporal) = (geometry.visionLayers, geometry.temporalLayers)
        var inputs: [UnsafeMutablePointer<Float>] = []
        for block in 0..<spatial + temporal {
            let isKept = trainsSpatial || block >= spatial
            inputs.append(isKept || block < 2 ? arena.take(rows * width) : inputs[block - 2])
        }
        var tapes: [TrainedBlock.Tape] = []
        for block in 0..<spatial + temporal - 1 {
            let isKept = keepsTapes && (trainsSpatial || block >= spatial)
            tapes.append(
                isKept || tapes.isEmpty ? TrainedBlock.Tape(rows: rows, width: width, &arena) : tapes[0])
        }
        return Memory(
            patch: PatchLayer.Tape(rows: rows, width: width, &arena), inputs: inputs, tapes: tapes,
            last: TrainedClassTokenBlock.Tape(clips: clips, geometry, &arena),
            head: ProjectionHead.Tape(rows: frames, width: width, outputs: geometry.embeddingWidth, &arena),
            dStream: arena.take(rows * width), dClassTokens: arena.take(frames * width),
            dUnits: arena.take(frames * geometry.embeddingWidth),
            gradients: TrainedBlock.Gradients(rows: rows, width: width, &arena))
    }

    /// Floats of activations and of gradients between layers.
    static func floatCount(_ geometry: ModelGeometry, clips: Int, trainsSpatial: Bool, keepsTapes: Bool) -> Int {
        Arena<Memory>.count { arena in
            layOut(&arena, geometry, clips: clips, trainsSpatial: trainsSpatial, keepsTapes: keepsTapes)
        }
    }

    /// What a batch of clips enters the tower as.
    enum Input {
        /// (B, T, N, 3*P*P)
        case patches(UnsafePointer<Float>)
        /// (B, T, L, D), the output of the spatial blocks.
        case features(UnsafePointer<Float>)
    }

    /// - Parameters:
    ///   - out: (B, E), the clips' features.
    ///   - factors: of every block, spatial then temporal, the last one's for class tokens only.
    func forward(_ out: UnsafeMutablePointer<Float>, _ input: Input, clips: Int, factors: [PathFactors]) {
        let memory = arena.contents
        let first = spatial.count
        switch input {
        case .patches(let patches):
            runSpatial(memory.inputs[first], patches, clips: clips, factors: factors)
            slotLayer.forward(memory.inputs[first], memory.inputs[first], clips: clips, work)
        case .features(let features):
            slotLayer.forward(memory.inputs[first], features, clips: clips, work)
        }
        for (index, block) in temporal.enumerated() {
            block.forward(
                memory.inputs[first + index + 1], memory.inputs[first + index], memory.tapes[first + index],
                temporalAttention(clips), factors: factors[first + index], work)
        }
        let index = first + temporal.count
        last.forward(
            memory.head.x, memory.inputs[index], memory.last, clips: clips, factors: factors[index], work)
        head.forward(memory.head, rows: clips * geometry.frames, work)
        let (frames, width) = (geometry.frames, geometry.embeddingWidth)
        for clip in 0..<clips {
            let mean = out + clip * width
            mean.update(repeating: 0, count: width)
            work.kernels.add_columns(mean, memory.head.units + clip * frames * width, width, frames, width)
            work.kernels.blend(mean, mean, 1 / Float(frames), mean, 0, width)
        }
    }

    /// The spatial features (F, L, D) of patches (F, N, 3*P*P), of at most as many frames as the largest batch has.
    func encodeSpatial(_ out: UnsafeMutablePointer<Float>, _ patches: UnsafePointer<Float>, clips: Int) {
        runSpatial(
            out, patches, clips: clips, factors: [PathFactors](repeating: .none, count: spatial.count))
    }

    private func runSpatial(
        _ out: UnsafeMutablePointer<Float>, _ patches: UnsafePointer<Float>, clips: Int, factors: [PathFactors]
    ) {
        let memory = arena.contents
        patchLayer.forward(memory.inputs[0], patches, memory.patch, frames: clips * geometry.frames, work)
        for (index, block) in spatial.enumerated() {
            block.forward(
                index + 1 < spatial.count ? memory.inputs[index + 1] : out, memory.inputs[index], memory.tapes[index],
                spatialAttention(clips), factors: factors[index], work)
        }
    }

    /// Adds into the gradients of all that is trained; after `forward` with the same arguments.
    ///
    /// - Parameters:
    ///   - dOut: (B, E)
    ///   - observer: told of each layer's gradients when they are complete, the head's first.
    func backward(
        _ dOut: UnsafePointer<Float>, _ input: Input, clips: Int, factors: [PathFactors],
        observer: GradientStretch.Observer? = nil
    ) {
        func tell(_ gradients: GradientStretch?) {
            if let observer, let gradients { observer(gradients) }
        }
        let memory = arena.contents
        let (frames, width) = (geometry.frames, geometry.embeddingWidth)
        for row in 0..<clips * frames {
            work.kernels.blend(
                memory.dUnits + row * width, dOut + row / frames * width, 1 / Float(frames), dOut, 0, width)
        }
        let dStream = memory.dStream
        head.backward(memory.dClassTokens, memory.dUnits, memory.head, rows: clips * frames, work)
        tell(headGradients)
        let lastIndex = spatial.count + temporal.count
        last.backward(
            dStream, memory.dClassTokens, memory.inputs[lastIndex], memory.last, memory.gradients, clips: clips,
            factors: factors[lastIndex], work)
        tell(blockGradients[lastIndex])
        for index in temporal.indices.reversed() {
            backward(
                temporal[index], spatial.count + index, dStream, temporalAttention(clips), factors: factors)
            tell(blockGradients[spatial.count + index])
        }
        slotLayer.backward(dStream, clips: clips, work)
        tell(slotGradients)
        guard trainsSpatial, case .patches(let patches) = input else { return }
        for index in spatial.indices.reversed() {
            backward(spatial[index], index, dStream, spatialAttention(clips), factors: factors)
            tell(blockGradients[index])
        }
        patchLayer.backward(
            dStream, patches, memory.patch, scratch: (memory.gradients.tail.middle, memory.gradients.tail.normalised),
            frames: clips * frames, work)
        tell(patchGradients)
    }

    private func backward(
        _ block: TrainedBlock, _ index: Int, _ dStream: UnsafeMutablePointer<Float>, _ attention: TrainedAttention,
        factors: [PathFactors]
    ) {
        let memory = arena.contents
        let (x, tape) = (memory.inputs[index], memory.tapes[index])
        if !keepsTapes {
            block.forward(memory.gradients.tail.normalised, x, tape, attention, factors: factors[index], work)
        }
        block.backward(dStream, dStream, x, tape, memory.gradients, attention, factors: factors[index], work)
    }

    private func spatialAttention(_ clips: Int) -> TrainedAttention {
        TrainedAttention(
            sequences: clips * geometry.frames, length: geometry.tokens, heads: geometry.visionHeads, pattern: .full)
    }

    private func temporalAttention(_ clips: Int) -> TrainedAttention {
        TrainedAttention(
            sequences: clips, length: geometry.frames * geometry.tokens, heads: geometry.visionHeads,
            pattern: .kronecker(geometry.mask, frames: geometry.frames, tokens: geometry.tokens))
    }
}
