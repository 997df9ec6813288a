/// What an evaluation gives: every clip of the list with its scores or its failure, and everything needed to repeat it.
package struct EvaluationResult: Sendable, Codable, Equatable {
    package struct Clip: Sendable, Codable, Equatable {
        package var name: String
        /// Class ids of the list, at least one.
        package var classes: [Int]
        /// (C), mean over the views; empty for a clip that could not be read.
        package var scores: [Float]
        package var failure: ClipFailure?

        package init(name: String, classes: [Int], scores: [Float], failure: ClipFailure? = nil) {
            self.name = name
            self.classes = classes
            self.scores = scores
            self.failure = failure
        }
    }

    /// (C), in the order of the class ids.
    package var labels: [String]
    /// In the order of the list, all of them.
    package var clips: [Clip]
    package var record: EvaluationRecord

    package init(labels: [String], clips: [Clip], record: EvaluationRecord) {
        self.labels = labels
        self.clips = clips
        self.record = record
    }
}

/// Everything that decides an evaluation's numbers, and how long it took.
package struct EvaluationRecord: Sendable, Codable, Equatable {
    package var version: String
    /// Name and beginning of the digest.
    package var model: String
    /// SHA-256 of the weights, hexadecimal.
    package var weightsDigest: String
    package var precision: String
    package var data: String
    package var list: String
    /// SHA-256 of the list's entries, hexadecimal.
    package var listDigest: String
    /// T.
    package var frames: Int
    package var mask: String
    /// `segments` or `dense`.
    package var sampling: String
    /// Views in time and space, `4x3`.
    package var views: String
    /// Nil: equidistant.
    package var seed: UInt64?
    package var templates: [String]
    /// Files of further prompts.
    package var promptFiles: [String]
    /// SHA-256 over the prompts' tokens, hexadecimal.
    package var promptsDigest: String
    /// Seconds of wall-clock time that the clips took, resumed parts included.
    package var seconds: Double

    package init(
        version: String, model: String, weightsDigest: String, precision: String, data: String, list: String,
        listDigest: String, frames: Int, mask: String, sampling: String, views: String, seed: UInt64?,
        templates: [String],
        promptFiles: [String], promptsDigest: String, seconds: Double
    ) {
        self.version = version
        self.model = model
        self.weightsDigest = weightsDigest
        self.precision = precision
        self.data = data
        self.list = list
        self.listDigest = listDigest
        self.frames = frames
        self.mask = mask
        self.sampling = sampling
        self.views = views
        self.seed = seed
        self.templates = templates
        self.promptFiles = promptFiles
        self.promptsDigest = promptsDigest
        self.seconds = seconds
    }
}
