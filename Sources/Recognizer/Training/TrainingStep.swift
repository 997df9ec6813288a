import CKernels
import Foundation

/// A model in training: batches go in, gradients add up, updates step the weights.
///
/// A batch gives the same bits whatever the number of workers, and all that is random follows from the seed and the number of
/// updates done, so that a run that was saved and loaded goes on as if it had not stopped. Used from one thread at a time.
package final class TrainingStep {
    package let geometry: ModelGeometry
    package let options: TrainingOptions
    package let capacity: TrainingCapacity
    /// Updates done.
    package internal(set) var updates = 0
    let parameters: TrainedParameters
    let optimizer: AdamW
    let average: PagedFloats?
    let work: TrainingWorkspace
    let text: TrainedTextTower
    private let vision: TrainedVisionTower
    private let scale: ParameterSlot
    private let scaleGradient: GradientStretch?
    private let arena: Arena<Memory>
    let sharing: GradientSharing?
    /// Batches since the last update.
    private var pending = 0

    private struct Memory {
        /// (B, E) each.
        let video, dVideo: UnsafeMutablePointer<Float>
        /// (A, C, E) each.
        let text, dText: UnsafeMutablePointer<Float>
        let loss: SoftTargetLoss.Tape
        /// (blocks, 2, rows)
        let factors: UnsafeMutablePointer<Float>
    }

    /// Refuses a precision that `init` would, before there are weights to begin with.
    ///
    /// - Throws: `RecognizerError.precision` for one that training or this processor does not have.
    package static func requireSupport(for precision: Precision) throws(RecognizerError) {
        _ = try TrainingWorkspace.kernels(precision)
    }

    /// Bytes that parameters, gradients, optimizer and activations of a step take, but for the text's where it is frozen, which is
    /// hardly touched.
    package static func byteCount(
        _ geometry: ModelGeometry, _ options: TrainingOptions, _ capacity: TrainingCapacity
    ) -> Int {
        let trained = ParameterLayout(geometry) { options.trained.contains(ParameterName.part($0)) }
        let trainsText = options.trained.contains(.text)
        let text =
            trainsText
            ? TrainedTextTower.floatCount(geometry, rows: textRows(geometry, capacity), isTrained: true) : 0
        let vision = TrainedVisionTower.floatCount(
            geometry, clips: capacity.clips, trainsSpatial: options.trained.contains(.spatial),
            keepsTapes: !options.checkpointing)
        let copies = options.averageDecay == nil ? 3 : 4
        return 4 * (ParameterLayout(geometry).count + copies * trained.count + vision + text)
    }

    private static func textRows(_ geometry: ModelGeometry, _ capacity: TrainingCapacity) -> Int {
        max(capacity.textRows, geometry.contextLength)
    }

    /// - Parameters:
    ///   - weights: of a whole model, copied.
    ///   - ranks: processes that take the same updates together, each with the same number of clips in its batches; an update's
    ///     gradients are those of all. Each begins with the same weights, or with `takeOverFirstRank`.
    /// - Throws: `RecognizerError` for missing tensors and wrong shapes, and for a precision that training or this processor
    ///   does not have.
    package init(
        weights: StateDict, geometry: ModelGeometry, options: TrainingOptions, capacity: TrainingCapacity,
        pool: WorkerPool, ranks: RankGroup? = nil
    ) throws(RecognizerError) {
        self.geometry = geometry
        self.options = options
        self.capacity = capacity
        let clipRows = geometry.frames * geometry.tokens
        let rows = capacity.clips * clipRows
        let textRows = Self.textRows(geometry, capacity)
        work = try TrainingWorkspace(
            pool: pool, precision: options.precision, width: 5 * max(geometry.visionWidth, geometry.textWidth),
            rows: max(rows, textRows),
            depth: geometry.patchValues, sequence: max(clipRows, geometry.contextLength))
        parameters = try TrainedParameters(weights, geometry, panel: work.weightPanel) {
            options.trained.contains(ParameterName.part($0))
        }
        vision = TrainedVisionTower(
            parameters, geometry, clips: capacity.clips, trainsSpatial: options.trained.contains(.spatial),
            keepsTapes: !options.checkpointing, work)
        text = TrainedTextTower(
            parameters, geometry, rows: textRows, isTrained: options.trained.contains(.text), work)
        optimizer = AdamW(parameters, geometry, options.optimizer)
        scale = parameters.slot("logit_scale")
        scaleGradient = parameters.gradients(of: .scale)
        sharing = ranks.map { [parameters] in GradientSharing($0, parameters, geometry) }
        average = options.averageDecay == nil ? nil : PagedFloats(count: parameters.trained.count)
        let texts = capacity.prompts * capacity.classes
        arena = Arena { arena in
            Memory(
                video: arena.take(capacity.clips * geometry.embeddingWidth),
                dVideo: arena.take(capacity.clips * geometry.embeddingWidth),
                text: arena.take(texts * geometry.embeddingWidth), dText: arena.take(texts * geometry.embeddingWidth),
                loss: SoftTargetLoss.Tape(
                    clips: capacity.clips, prompts: capacity.prompts, classes: capacity.classes, &arena),
                factors: arena.take(
                    options.dropPath > 0 ? (geometry.visionLayers + geometry.temporalLayers) * 2 * rows : 0))
        }
        resetAverage()
    }

    /// What a batch's clips are.
    package enum Clips {
        /// (B, T, N, 3*P*P), normalised.
        case patches(UnsafePointer<Float>)
        /// (B, T, L, D), spatial features from `encodeSpatial`; the spatial part must be frozen.
        case features(UnsafePointer<Float>)
    }

    /// What a batch's clips are compared with.
    package enum Prompts {
        /// (A, C) token ids with start and end.
        case tokens([[[Int32]]])
        /// (A, C, E), each row of length one; the text part must be frozen.
        case features(Tensor)

        var shape: (prompts: Int, classes: Int) {
            switch self {
            case .tokens(let rows): (rows.count, rows.first?.count ?? 0)
            case .features(let features): (features.shape[0], features.shape[1])
            }
        }
    }

    package struct Batch {
        package let clips: Clips
        /// B
        package let count: Int
        /// (B, C), rows that sum to one.
        package let targets: UnsafePointer<Float>
        package let prompts: Prompts

        package init(clips: Clips, count: Int, targets: UnsafePointer<Float>, prompts: Prompts) {
            self.clips = clips
            self.count = count
            self.targets = targets
            self.prompts = prompts
        }
    }

    package struct Outcome: Sendable, Equatable {
        /// Mean over clips and prompts.
        package let loss: Double
        /// Clips whose likeliest class is the target's largest.
        package let correct: Int
    }

    /// Adds the gradients of a batch, as `1 / accumulation` of an update's, and gives its loss; the weights stay. In a group they are
    /// summed over the ranks while the backward of the update's last batch runs.
    ///
    /// - Parameter observer: told of every stretch of the gradients, once each, between the layers of the backward of the
    ///   update's last batch; in the same order for the same model and options.
    package func accumulate(_ batch: Batch, observer: GradientStretch.Observer? = nil) -> Outcome {
        let (prompts, classes) = batch.prompts.shape
        precondition(batch.count >= 1 && batch.count <= capacity.clips, "\(batch.count) clips of \(capacity.clips)")
        precondition(
            prompts * classes <= capacity.prompts * capacity.classes
                && prompts * classes * batch.count
                    <= capacity.clips * capacity.prompts * capacity.classes
                && classes <= capacity.classes,
            "\(prompts) x \(classes) prompts")
        precondition(
            sharing == nil || pending < options.accumulation, "batch \(pending + 1) of \(options.accumulation)")
        if pending == 0 { parameters.clearGradients() }
        work.sums.adds = pending > 0
        let observer = sharing?.observer(before: observer) ?? observer
        let memory = arena.contents
        let trainsText = options.trained.contains(.text)
        var tokens: [[Int32]] = []
        switch batch.prompts {
        case .tokens(let rows):
            tokens = rows.flatMap { $0 }
            text.forward(memory.text, tokens)
        case .features(let features):
            precondition(!trainsText, "features of prompts, but the text is trained")
            features.values.withUnsafeBufferPointer { values in
                if let base = values.baseAddress { memory.text.update(from: base, count: values.count) }
            }
        }
        let input: TrainedVisionTower.Input
        switch batch.clips {
        case .patches(let patches): input = .patches(patches)
        case .features(let features):
            precondition(!options.trained.contains(.spatial), "spatial features, but the spatial part is trained")
            input = .features(features)
        }
        let factors = drawFactors(clips: batch.count)
        vision.forward(memory.video, input, clips: batch.count, factors: factors)
        let logScale = scale.value.pointee
        let factor = ckernels_exp(logScale)
        let loss = SoftTargetLoss(
            clips: batch.count, prompts: prompts, classes: classes, width: geometry.embeddingWidth)
        let outcome = loss.run(
            dVideo: memory.dVideo, dText: trainsText ? memory.dText : nil, video: memory.video, text: memory.text,
            targets: batch.targets, scale: min(factor, options.scaleLimit),
            weight: 1 / Float(options.accumulation * (sharing?.ranks.count ?? 1)),
            memory.loss)
        if let gradient = scale.gradient, factor <= options.scaleLimit {
            gradient.pointee += Float(outcome.dLogScale)
        }
        pending += 1
        let told = pending == options.accumulation ? observer : nil
        if let told, let scaleGradient { told(scaleGradient) }
        if !options.trained.isDisjoint(with: [.spatial, .temporal, .head]) {
            vision.backward(memory.dVideo, input, clips: batch.count, factors: factors, observer: told)
        }
        if trainsText { text.backward(memory.dText, tokens, observer: told) }
        return Outcome(loss: outcome.loss, correct: outcome.correct)
    }

    /// In a group, makes every rank's gradients the sum of all, also of ranks that accumulated fewer batches than an update has, or
    /// none. Every rank calls it before `update` or `discard`, and until it returns nothing else may use the group.
    package func completeGradients() throws(RankGroupError) {
        guard let sharing else { return }
        if pending == 0 { parameters.zeroGradients() }
        pending = max(pending, 1)
        try sharing.complete()
    }

    /// Steps the weights by the gradients that were accumulated, and forgets these.
    ///
    /// - Parameters:
    ///   - place: of the update in the schedule, counted from 1; nil: one after the updates that were done.
    ///   - share: of an update's batches, on all ranks, that were accumulated; the gradients are the mean over these.
    /// - Returns: the global norm of the gradients before clipping. If it is not finite the weights stay as they are, and the
    ///   update does not count.
    package func update(at place: Int? = nil, share: Double = 1) -> Double {
        precondition(pending > 0, "an update without a batch")
        sharing?.beginUpdate()
        pending = 0
        let norm = optimizer.gradientNorm(work) / share
        guard norm.isFinite else { return norm }
        updates += 1
        optimizer.step(update: updates, at: place ?? updates, options.schedule, norm: norm, share: share, work)
        if let average, let decay = options.averageDecay { follow(average, decay: Float(decay)) }
        return norm
    }

    /// Forgets the gradients that were accumulated.
    package func discard() {
        sharing?.beginUpdate()
        pending = 0
    }

    /// The unit features (texts, E) of texts.
    package func encodeTexts(_ texts: [[Int32]]) -> Tensor {
        var out = Tensor(zeros: [texts.count, geometry.embeddingWidth])
        out.values.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { text.forward(base, texts) } }
        return out
    }

    /// The spatial features (B, T, L, D) of patches (B, T, N, 3*P*P), for `Clips.features`.
    package func encodeSpatial(
        _ out: UnsafeMutablePointer<Float>, _ patches: UnsafePointer<Float>, count: Int
    ) {
        precondition(count <= capacity.clips, "\(count) clips of \(capacity.clips)")
        vision.encodeSpatial(out, patches, clips: count)
    }

    /// DropPath's factors of every vision block; a frame, in temporal blocks a clip, keeps or leaves out a branch as a whole.
    private func drawFactors(clips: Int) -> [PathFactors] {
        let (spatial, blocks) = (geometry.visionLayers, geometry.visionLayers + geometry.temporalLayers)
        guard options.dropPath > 0 else { return [PathFactors](repeating: .none, count: blocks) }
        let clipRows = geometry.frames * geometry.tokens
        let capacityRows = capacity.clips * clipRows
        return (0..<blocks).map { block in
            let rate = options.dropPath * Double(block) / Double(max(blocks - 1, 1))
            // The last block has class tokens only.
            let length = block < spatial ? geometry.tokens : block + 1 < blocks ? clipRows : geometry.frames
            let sequences = block < spatial ? clips * geometry.frames : clips
            let values = arena.contents.factors + block * 2 * capacityRows
            let rows = sequences * length
            // Every rank draws for the clips of all, so that several ranks drop what one with all their clips does.
            let own = sharing.map { $0.ranks.rank * capacity.clips * sequences / clips } ?? 0
            let all = sharing.map { $0.ranks.count * capacity.clips * sequences / clips } ?? sequences
            var random = CounterRandom(
                seed: options.seed, .path, updates, pending * blocks + block)
            for branch in 0..<2 {
                for drawn in 0..<all {
                    let factor = random.happens(rate) ? 0 : Float(1 / (1 - rate))
                    let sequence = drawn - own
                    guard (0..<sequences).contains(sequence) else { continue }
                    (values + branch * rows + sequence * length).update(repeating: factor, count: length)
                }
            }
            return PathFactors(values: values, rows: rows)
        }
    }
}
