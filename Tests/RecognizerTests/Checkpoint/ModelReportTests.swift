import Foundation
import Recognizer
import Testing

@Suite struct ModelReportTests {
    private func geometry(patch: Int, width: Int, layers: Int) -> ModelGeometry {
        ModelGeometry(
            imageSize: 224, patchSize: patch, frames: 8, visionWidth: width, visionLayers: layers,
            temporalLayers: layers / 3, embeddingWidth: 512, textWidth: 512, textLayers: 12, contextLength: 77,
            vocabularySize: 49408, mask: .kmt)
    }

    @Test(arguments: [(32, 768, 12, 47.6, 0.05), (16, 768, 12, 200, 0.5), (14, 1024, 24, 924, 0.5)])
    func countsTheKnownCosts(patch: Int, width: Int, layers: Int, expected: Double, allowed: Double) {
        let cost = ModelWork(geometry(patch: patch, width: width, layers: layers)).window.cost
        #expect(abs(cost.withAttention - expected) < allowed)
        #expect(cost.withoutAttention < cost.withAttention)
    }

    @Test func aStreamCostsLessTheSmallerItsHop() {
        let work = ModelWork(geometry(patch: 32, width: 768, layers: 12))
        let costs = [1, 2, 4, 8].map { work.stream(hop: $0).cost.withAttention }
        #expect(costs == costs.sorted() && costs[3] < work.window.cost.withAttention)
        #expect(abs(work.window.cost.withAttention / costs[0] - 3.62) < 0.01)
    }

    @Test func reportsTheGoldenModel() throws {
        try CheckpointFiles.withFolder { folder in
            _ = try ModelImport.run(source: CheckpointFiles.golden + "/expected.safetensors", output: folder + "/nano")
            let model = try ModelDirectory.open(folder + "/nano")
            let report = ModelReport(model)
            let elements = model.weights.tensors.values.reduce(0) { $0 + $1.elementCount }
            #expect(report.parameters.total == elements)
            #expect(report.memory.weights == ["F32": elements * 4])
            #expect(report.stream.map(\.hop) == [1, 2, 4])
            #expect(report.text.contains("3 spatial and 1 temporal blocks, mask KMT"))
            let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
            #expect((json?["geometry"] as? [String: Int])?["vision_width"] == 64)
        }
    }
}
