import Foundation
package import Pipeline

/// PyTorch's scores of the demo model on its 300 validation clips, as an evaluation.
package enum DemoEvaluation {
    private struct Document: Decodable {
        struct Clip: Decodable {
            let clip: String
            let label: Int
            let scores: [Float]
        }
        let clips: [Clip]
    }

    package static let labels = [
        "walking left", "walking right", "running", "jumping", "doing jumping jacks", "squatting", "waving",
        "clapping hands", "sitting down", "standing up", "falling down", "kicking", "bowing", "standing still",
        "empty room",
    ]

    package static func result() throws -> EvaluationResult {
        let data = try Data(contentsOf: URL(filePath: Golden.path("demo/val-scores.json")))
        let clips = try JSONDecoder().decode(Document.self, from: data).clips
        return EvaluationResult(
            labels: labels,
            clips: clips.map { EvaluationResult.Clip(name: $0.clip, classes: [$0.label], scores: $0.scores) },
            record: record())
    }

    package static func record(list: String = "val.txt", seconds: Double = 12.5) -> EvaluationRecord {
        EvaluationRecord(
            version: "0.1.0", model: "demo@0123456789ab", weightsDigest: String(repeating: "ab", count: 32),
            precision: "f32", data: "videos.tar", list: list, listDigest: String(repeating: "cd", count: 32), frames: 8,
            mask: "KMT", sampling: "segments", views: "1x1", seed: nil, templates: ["a video of a person {}"],
            promptFiles: [], promptsDigest: String(repeating: "ef", count: 32), seconds: seconds)
    }
}
