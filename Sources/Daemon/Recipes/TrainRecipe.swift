import Pipeline
import Recognizer

/// Everything that a training is told. Starts as the defaults; a recipe, `--set` and the command line then change it, in this
/// order.
struct TrainRecipe: Sendable, Equatable {
    // What is trained, on what.
    /// Directory, or name on the model path.
    var model: String?
    var isFromScratch = false
    /// Of a model from scratch without a model to take it from.
    var geometry: ModelGeometry?
    var temporal = TemporalStart.keep
    var frozen: Set<ParameterName.Part> = []
    /// Folder or tar archive.
    var data: String?
    var list: String?
    /// Where the validation clips lie, if elsewhere.
    var valData: String?
    var val: String?
    var labels: String?
    var templates: [String]?
    /// Files of interpretive prompts.
    var prompts: [String]?
    var output: String?
    /// What the model must be: T, side of the input, side of a patch.
    var frames: Int?
    var image: Int?
    var patch: Int?
    var mask: KroneckerMask?

    // How.
    var epochs = 60
    var warmUpEpochs = 5.0
    var rate = 12e-6
    /// The rate at the end, as a part of `rate`.
    var floor = 0.01
    /// Clips of an update.
    var totalBatch = 256
    /// Clips computed together.
    var batch = 8
    var optimizer = AdamWOptions()
    var averageDecay: Double?
    var dropPath = 0.0
    var smoothing = 0.1
    var mixing = BatchMixing.Options()
    /// K, prompts of a batch.
    var promptsPerStep = 5
    var scaleLimit: Double?
    var augmentation = AugmentationOptions()
    var isCheckpointing = false
    /// Of the training; measured is in float32.
    var precision = Precision.f32
    var seed = UInt64(3047)
    var warmUp = TextWarmUp()
    /// Views of each clip whose spatial features are computed once; nil computes them in each epoch.
    var featureViews: Int?

    // On what terms.
    /// Bytes of disk for spatial features.
    var featureLimit = 100 << 30
    /// Bytes of decoded pictures kept.
    var memory = 2 << 30
    /// Of validation.
    var views = "1x1"
    var checkpointEvery = Duration.seconds(600)
    /// 0...1
    var maxBad = 0.05
    var workers: Int?
    var readers: Int?

    /// Micro-batches of an update on that many ranks.
    func accumulation(ranks: Int) throws(CommandFailure) -> Int {
        guard totalBatch.isMultiple(of: batch * ranks) else {
            let shared = ranks > 1 ? " times \(ranks) processes" : ""
            throw CommandFailure(.usage, "total_batch \(totalBatch) is no multiple of batch \(batch)\(shared)")
        }
        return totalBatch / (batch * ranks)
    }

    /// The parts that learn. From scratch the text is warmed up and frozen.
    var trained: Set<ParameterName.Part> {
        var parts = Set(ParameterName.Part.allCases).subtracting(frozen)
        if isFromScratch { parts.remove(.text) }
        return parts
    }

    /// - Parameter updates: of an epoch.
    func options(updates: Int, accumulation: Int) -> TrainingOptions {
        var options = TrainingOptions(
            schedule: CosineSchedule(
                base: rate, floor: rate * floor, warmUp: Int((warmUpEpochs * Double(updates)).rounded()),
                updates: epochs * updates))
        options.seed = seed
        options.trained = trained
        options.optimizer = optimizer
        options.accumulation = accumulation
        options.dropPath = dropPath
        options.checkpointing = isCheckpointing
        options.precision = precision
        options.averageDecay = averageDecay
        if let scaleLimit { options.scaleLimit = Float(scaleLimit) }
        return options
    }

    /// Throws for settings that exclude each other.
    func check() throws(CommandFailure) {
        func wrong(_ reason: String) -> CommandFailure { CommandFailure(.configuration, reason) }
        guard !trained.isEmpty else { throw wrong("freeze: nothing is left to be trained") }
        guard warmUpEpochs <= Double(epochs) else {
            throw wrong("warm_up_epochs is \(warmUpEpochs), more than epochs, which is \(epochs); say a smaller one")
        }
        guard optimizer.temporalFactor >= floor || !trained.contains(.temporal) else {
            throw wrong(
                "temporal_factor \(optimizer.temporalFactor) is below floor \(floor), so that the temporal part's rate would rise;"
                    + " freeze: [temporal] leaves it as it is")
        }
        guard featureViews == nil || !trained.contains(.spatial) else {
            throw wrong("features: kept features are for a frozen spatial part; say freeze: [spatial]")
        }
        guard featureViews == nil || mixing.mixup == 0 && mixing.cutmix == 0 else {
            throw wrong("features: mixup and cutmix mix pictures, which are not seen again; set both to 0")
        }
        guard featureViews == nil || dropPath == 0 else {
            throw wrong("features: drop_path changes spatial features; set it to 0")
        }
        guard model != nil || isFromScratch && geometry != nil else {
            throw CommandFailure(
                .usage,
                isFromScratch
                    ? "from scratch, but neither a geometry nor a model to take it from is said"
                    : "--model is missing, and no recipe says it; --from-scratch begins without one")
        }
        guard model == nil || geometry == nil || !isFromScratch else {
            throw CommandFailure(
                .usage,
                "a model, from_scratch and a geometry: say from_scratch=false to start from the model, or no model")
        }
        guard ViewProtocol.counts(views) != nil else {
            throw wrong("views \(views.escapedForLog): accepted are 1 to 64 clips times 1 or 3 crops, such as 4x3")
        }
    }

    /// Throws if the model is not the one that the recipe is for.
    func check(_ geometry: ModelGeometry, name: String) throws {
        var wanted = EvalSettings()
        (wanted.frames, wanted.image, wanted.patch, wanted.mask) = (frames, image, patch, mask)
        try wanted.check(geometry, name: name)
    }

    /// Texts and views as an evaluation is told them.
    var evaluation: EvalSettings {
        var settings = EvalSettings()
        (settings.labels, settings.templates, settings.prompts, settings.views) = (labels, templates, prompts, views)
        return settings
    }
}
