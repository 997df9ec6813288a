import CKernels

/// Trains the text tower on the prompts alone, before anything else is trained from scratch: together from nothing, texts and
/// videos collapse onto one point. Prompts of one class are pulled together and classes apart; then the text is frozen.
package struct TextWarmUp: Sendable, Equatable {
    package var updates = 120
    package var rate = 1e-3
    package var temperature = 0.1
    package var seed: UInt64 = 3047
    /// Texts of an update: of more prompts so many are drawn, but always two of each class.
    package var textsAtOnce = 2048

    package init() {}

    /// - Parameters:
    ///   - weights: of a whole model.
    ///   - prompts: (A, C) token ids with start and end; A is at least 2.
    ///   - isInterrupted: asked before each update.
    ///   - progress: told the loss of each update.
    /// - Returns: `weights` with a trained text tower; nil when interrupted.
    /// - Throws: `RecognizerError` for missing tensors and wrong shapes, and for fewer than two prompts per class or classes.
    package func run(
        weights: StateDict, geometry: ModelGeometry, prompts: [[[Int32]]], pool: WorkerPool,
        isInterrupted: () -> Bool = { false }, progress: (_ update: Int, _ loss: Double) -> Void = { _, _ in }
    ) throws(RecognizerError) -> StateDict? {
        let classes = prompts.first?.count ?? 0
        guard prompts.count >= 2, classes >= 2 else {
            throw .badPrompt(
                text: "", reason: "\(prompts.count) prompts for each of \(classes) classes; a warm-up needs two of each"
            )
        }
        let rows = max(4096, geometry.contextLength)
        let work = try TrainingWorkspace(
            pool: pool, precision: .f32, width: 5 * geometry.textWidth, rows: rows, sequence: geometry.contextLength)
        let parameters = try TrainedParameters(weights, geometry, panel: work.weightPanel) {
            ParameterName.part($0) == .text
        }
        let tower = TrainedTextTower(parameters, geometry, rows: rows, isTrained: true, work)
        var options = AdamWOptions()
        (options.weightDecay, options.beta2) = (0.01, 0.999)
        let optimizer = AdamW(parameters, geometry, options)
        let schedule = CosineSchedule(base: rate, floor: rate, warmUp: 0, updates: updates)

        let drawn = min(prompts.count, max(2, textsAtOnce / classes))
        let labels = (0..<drawn * classes).map { $0 % classes }
        let width = geometry.embeddingWidth
        let (features, dFeatures) = (FloatBuffer(count: labels.count * width), FloatBuffer(count: labels.count * width))
        let shares = FloatBuffer(count: labels.count * labels.count)
        let loss = ContrastiveLoss(temperature: temperature)
        for update in 0..<updates {
            guard !isInterrupted() else { return nil }
            var random = CounterRandom(seed: seed, .prompts, update)
            let chosen =
                drawn < prompts.count ? Array(random.permutation(prompts.count).prefix(drawn)) : Array(0..<drawn)
            let texts = chosen.flatMap { prompts[$0] }
            parameters.clearGradients()
            work.sums.adds = false
            tower.forward(features.pointer, texts)
            let value = loss.run(
                dFeatures: dFeatures.pointer, features.pointer, classes: labels, width: width, shares: shares.pointer)
            tower.backward(dFeatures.pointer, texts)
            optimizer.step(update: update + 1, at: update + 1, schedule, norm: 0, share: 1, work)
            progress(update + 1, value)
        }
        var trained = weights
        trained.tensors.merge(
            TrainedParameters.copies(parameters.values, parameters.layout).filter {
                ParameterName.part($0.key) == .text
            }
        ) { _, new in new }
        return trained
    }
}
