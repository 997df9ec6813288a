import Pipeline

/// Where the clips of an epoch come from, in the order of its plan.
protocol TrainingFeed: AnyObject {
    /// Puts the next clips into a batch; those that cannot be read are told and left out.
    func fill(_ batch: TrainingBatch, clips: [Int], unreadable: (Int, ClipFailure) throws -> Void) throws
    func cancel()
}
