import TestSupport
import Testing

@testable import Recognizer

/// Plain CLIP, imported: its video feature is the mean of the unit embeddings that CLIP gives each frame alone.
@Suite struct IdentityImportTests {
    @Test(arguments: ["hf-clip", "clip-torchscript-f16.pt"], KroneckerMask.allCases)
    func equalsFrameAveragedCLIP(checkpoint: String, mask: KroneckerMask) throws {
        try CheckpointFiles.withFolder { folder in
            _ = try ModelImport.run(
                source: CheckpointFiles.golden + "/" + checkpoint, output: folder + "/m",
                options: ModelImport.Options(mask: mask, frames: 3))
            let model = try Model(path: folder + "/m", backend: CPUBackend.openBLAS(pool: WorkerPool(workers: 2)))
            let geometry = model.geometry
            let session = try model.makeSession(capacity: VisionCapacity(frames: 3, windows: 1, slots: 3))
            var numbers = SeededNumbers(seed: 11)
            let patches = numbers.floats(3 * geometry.patches * geometry.patchValues, in: -2...2)
            session.encodeFrames(patches, count: 3, slots: [0, 1, 2])
            var video = [Float](repeating: 0, count: geometry.embeddingWidth)
            session.encodeWindows([2, 0, 1], count: 1, videoFeatures: &video)

            var mean = [Double](repeating: 0, count: geometry.embeddingWidth)
            for slot in 0..<3 {
                let classToken = session.readSpatialFeatures(slot: slot).prefix(geometry.visionWidth).map(Double.init)
                let embedding = try embedding(of: classToken, model)
                let length = embedding.reduce(0) { $0 + $1 * $1 }.squareRoot()
                for index in mean.indices { mean[index] += embedding[index] / length / 3 }
            }
            expectClose(video, mean.map { Float($0) }, .features, "video feature")
        }
    }

    /// CLIP's head: `ln_post` and `proj`, in double precision.
    private func embedding(of token: [Double], _ model: Model) throws -> [Double] {
        func values(_ name: String) throws -> [Double] {
            try #require(model.directory.weights.tensors[name]).floats().values.map(Double.init)
        }
        let (weight, bias, projection) = (
            try values("visual.ln_post.weight"), try values("visual.ln_post.bias"), try values("visual.proj")
        )
        let average = token.reduce(0, +) / Double(token.count)
        let variance = token.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(token.count)
        let normalised = token.indices.map {
            (token[$0] - average) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0]
        }
        let width = model.geometry.embeddingWidth
        return (0..<width).map { column in
            normalised.indices.reduce(0) { $0 + normalised[$1] * projection[$1 * width + column] }
        }
    }
}
