import Dispatch
import Foundation
package import Recognizer

/// A whole evaluation, or a part of one: the features of every clip and of every text, from which scores follow without the
/// model.
///
/// As a safetensors file: `video_features` (clips, views, E), `scores` (clips, C), `valid_u8` (clips), `index_i64` (clips),
/// the clips' places in the list, `text_features` (A, C, E), and in the metadata everything else as JSON.
package struct EvaluationDump: Sendable {
    package struct Clip: Sendable, Equatable, Codable {
        package var name: String
        package var classes: [Int]
        package var failure: ClipFailure?

        package init(name: String, classes: [Int], failure: ClipFailure? = nil) {
            self.name = name
            self.classes = classes
            self.failure = failure
        }
    }

    package var record: EvaluationRecord
    /// (A) in groups, in the order of `vocabulary`.
    package var families: [PromptFamily]
    package var vocabulary: Vocabulary
    /// `exp(logit_scale)`
    package var scale: Float
    /// Clips of the whole list.
    package var total: Int
    /// Places in the list of this dump's clips, ascending: all of them, or those of a part.
    package var indices: [Int]
    package var clips: [Clip]
    /// (clips, views, E), float32; zeros for a clip that could not be read.
    package var features: StoredTensor

    package init(
        record: EvaluationRecord, families: [PromptFamily], vocabulary: Vocabulary, scale: Float, total: Int,
        indices: [Int], clips: [Clip], features: StoredTensor
    ) {
        self.record = record
        self.families = families
        self.vocabulary = vocabulary
        self.scale = scale
        self.total = total
        self.indices = indices
        self.clips = clips
        self.features = features
    }

    package var views: Int { features.shape[1] }
    /// E
    package var width: Int { features.shape[2] }

    /// Scores with these texts, (clips, C).
    package func scores(_ vocabulary: Vocabulary) -> [Float] {
        let classes = vocabulary.labels.count
        var out = [Float](repeating: 0, count: clips.count * classes)
        guard let all = features.mappedFloats, let base = all.baseAddress else { return out }
        nonisolated(unsafe) let features = base
        let (views, perClip, scale) = (views, views * width, scale)
        let count = clips.count
        // As many clips as keep a prompt's texts busy; each clip's numbers are the same however they are grouped.
        let group = 32
        out.withUnsafeMutableBufferPointer { out in
            nonisolated(unsafe) let out = out
            DispatchQueue.concurrentPerform(iterations: (count + group - 1) / group) { part in
                let first = part * group
                let some = min(group, count - first)
                let scores = vocabulary.scores(
                    features + first * perClip, clips: some, views: views, scale: scale)
                for index in scores.indices { out[first * classes + index] = scores[index] }
            }
        }
        for clip in clips.indices where clips[clip].failure != nil {
            for index in 0..<classes { out[clip * classes + index] = 0 }
        }
        return out
    }

    /// The result with these texts, or with the dump's own.
    package func result(_ vocabulary: Vocabulary? = nil) -> EvaluationResult {
        let texts = vocabulary ?? self.vocabulary
        let classes = texts.labels.count
        let scores = scores(texts)
        return EvaluationResult(
            labels: texts.labels,
            clips: clips.indices.map { index in
                let clip = clips[index]
                return EvaluationResult.Clip(
                    name: clip.name, classes: clip.classes,
                    scores: clip.failure == nil ? Array(scores[index * classes..<(index + 1) * classes]) : [],
                    failure: clip.failure)
            }, record: record)
    }
}
