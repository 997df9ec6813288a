/// How a model is trained; what a recipe says, without the data.
package struct TrainingOptions: Sendable, Equatable {
    package var seed: UInt64 = 3047
    /// Parts of the model that learn. Without `.spatial` the backward stops at the temporal blocks; without `.text` features of
    /// prompts may be given.
    package var trained: Set<ParameterName.Part> = Set(ParameterName.Part.allCases)
    /// Of the products with weights and of the sums that are the weights' gradients: `.f32`, or `.bf16` with sums in float32. Weights,
    /// attention, norms, loss and optimizer are in float32 in either.
    package var precision: Precision = .f32
    package var optimizer = AdamWOptions()
    package var schedule: CosineSchedule
    /// Batches whose gradients make one update.
    package var accumulation: Int = 1
    /// The rate of DropPath of the last temporal block; it grows linearly from the first spatial one.
    package var dropPath: Double = 0
    /// Computes each vision block's forward again in the backward instead of keeping its activations.
    package var checkpointing: Bool = false
    /// Share that the average of the weights keeps at each update; nil keeps no average.
    package var averageDecay: Double?
    /// What cosines are multiplied by, at most.
    package var scaleLimit: Float = .infinity

    package init(schedule: CosineSchedule) {
        self.schedule = schedule
    }
}

/// How much a step must hold at once.
package struct TrainingCapacity: Sendable, Equatable {
    /// B, clips of a batch.
    package var clips: Int
    /// A, prompts per class of a step.
    package var prompts: Int
    /// C
    package var classes: Int
    /// Tokens of texts that are computed together, at least the model's context.
    package var textRows: Int

    package init(clips: Int, prompts: Int, classes: Int, textRows: Int = 4096) {
        self.clips = clips
        self.prompts = prompts
        self.classes = classes
        self.textRows = textRows
    }
}
