import Pipeline
import Recognizer

/// Memory for the clips of a batch, used again for the next one.
final class TrainingBatch {
    /// (B, T, N, 3*P*P) or (B, T, L, D)
    let clips: UnsafeMutablePointer<Float>
    /// The same for mixed clips; nil where nothing is mixed.
    private let mixed: UnsafeMutablePointer<Float>?
    private let targets: UnsafeMutablePointer<Float>
    /// Values of a clip.
    let clipCount: Int
    private let capacity: Int
    private let classes: Int
    private let geometry: ModelGeometry
    private let smoothing: Double
    /// Numbers of the clips that are in, in the list.
    private(set) var numbers: [Int] = []
    private var labels: [Int] = []

    /// - Parameters:
    ///   - capacity: B
    ///   - holdsFeatures: whether clips come as spatial features.
    init(
        capacity: Int, geometry: ModelGeometry, classes: Int, smoothing: Double, holdsFeatures: Bool, isMixed: Bool
    ) {
        self.capacity = capacity
        self.geometry = geometry
        self.classes = classes
        self.smoothing = smoothing
        clipCount =
            geometry.frames
            * (holdsFeatures
                ? geometry.tokens * geometry.visionWidth : geometry.patches * geometry.patchValues)
        clips = .allocate(capacity: capacity * clipCount)
        clips.initialize(repeating: 0, count: capacity * clipCount)
        mixed = isMixed ? .allocate(capacity: capacity * clipCount) : nil
        mixed?.initialize(repeating: 0, count: capacity * clipCount)
        targets = .allocate(capacity: capacity * classes)
        targets.initialize(repeating: 0, count: capacity * classes)
    }

    deinit {
        clips.deallocate()
        mixed?.deallocate()
        targets.deallocate()
    }

    var count: Int { numbers.count }

    func clear() { (numbers, labels) = ([], []) }

    /// Adds a clip, whose values are written by `fill`.
    func add(_ number: Int, label: Int, _ fill: (UnsafeMutablePointer<Float>) throws -> Void) rethrows {
        precondition(count < capacity, "\(count) clips of \(capacity)")
        try fill(clips + count * clipCount)
        numbers.append(number)
        labels.append(label)
    }

    /// Runs `body` with the batch as a step takes it.
    func withBatch<R>(
        holdsFeatures: Bool, mixing: (_ clips: Int) -> BatchMixing?, prompts: TrainingStep.Prompts,
        _ body: (TrainingStep.Batch) -> R
    ) -> R {
        var values = SoftTargets.of(labels, classes: classes, smoothing: smoothing)
        var input = clips
        if let mixed, let mixing = mixing(count), mixing.kind != .none {
            mixing.mix(mixed, patches: clips, clips: count, geometry: geometry)
            values = mixing.mix(targets: values, classes: classes)
            input = mixed
        }
        targets.update(from: values, count: values.count)
        return body(
            TrainingStep.Batch(
                clips: holdsFeatures ? .features(input) : .patches(input), count: count, targets: targets,
                prompts: prompts))
    }
}
