import Foundation
import Pipeline
import Recognizer

extension MachineBench {
    /// - Parameters:
    ///   - video: a file like the cameras' streams, for the cost of decoding.
    ///   - budget: time for each stage.
    static func measure(
        _ model: Model, backend: CPUBackend, video: String, period: Duration, hop: Int, budget: Duration
    ) throws -> MachineBench {
        let geometry = model.geometry
        let timer = StageTimer(budget: budget)
        let peak = try MatrixPeak.measure(backend, within: budget)
        let work = ModelWork(geometry)
        func share(_ multiplyAdds: Double, _ milliseconds: Double) -> Double {
            2 * multiplyAdds / (milliseconds * 1e6) / peak
        }

        let decoding = try DecodingCost.measure(video)
        let shape = decoding.shape
        let picture = GreyPicture(width: shape.width, height: shape.height)
        let preprocessor = FramePreprocessor(
            imageSize: geometry.imageSize, patchSize: geometry.patchSize, mean: model.config.mean,
            deviation: model.config.deviation)
        let batch = 8
        let slots = Array(0..<geometry.frames + batch)
        let session = try model.makeSession(
            capacity: VisionCapacity(frames: batch, windows: 1, slots: slots.count))
        var patches = [Float](repeating: 0, count: batch * geometry.patches * geometry.patchValues)
        let preprocessing = timer.milliseconds {
            picture.withFrame { preprocessor.writePatches($0, view: .init(), to: &patches) }
        }
        for index in patches.indices { patches[index] = Float(index % 251) * 0.01 - 1.25 }
        let one = timer.milliseconds { session.encodeFrames(patches, count: 1, slots: slots) }
        let eight = timer.milliseconds { session.encodeFrames(patches, count: batch, slots: slots) }
        for slot in slots { session.encodeFrames(patches, count: 1, slots: [slot]) }
        var feature = [Float](repeating: 0, count: geometry.embeddingWidth)
        let window = Array(0..<geometry.frames)
        let temporal = timer.milliseconds { session.encodeWindows(window, count: 1, videoFeatures: &feature) }

        let spatialWork = Double(work.newFrame.total)
        let temporalWork = Double(work.windowOfKeptFrames.total)
        var stages = [
            Stage(
                name: "decode a frame of \(shape.width)x\(shape.height)", medianMs: decoding.milliseconds,
                p95Ms: decoding.milliseconds, shareOfPeak: nil),
            Stage(
                name: "preprocess a frame", medianMs: preprocessing.median, p95Ms: preprocessing.p95, shareOfPeak: nil),
            Stage(
                name: "spatial, 1 frame", medianMs: one.median, p95Ms: one.p95,
                shareOfPeak: share(spatialWork, one.median)),
            Stage(
                name: "spatial, \(batch) frames", medianMs: eight.median, p95Ms: eight.p95,
                shareOfPeak: share(spatialWork * Double(batch), eight.median)),
            Stage(
                name: "temporal, 1 window", medianMs: temporal.median, p95Ms: temporal.p95,
                shareOfPeak: share(temporalWork, temporal.median)),
        ]
        for fresh in [1, 2, 4, 8] where fresh <= min(batch, geometry.frames) {
            let time = timer.milliseconds {
                session.encodeFrames(patches, count: fresh, slots: slots)
                session.encodeWindows(window, count: 1, videoFeatures: &feature)
            }
            stages.append(
                Stage(
                    name: "window at hop \(fresh)", medianMs: time.median, p95Ms: time.p95,
                    shareOfPeak: share(spatialWork * Double(fresh) + temporalWork, time.median)))
        }
        let cameras = Self.cameras(
            period: period, hop: hop, decoding: decoding, preprocessing: preprocessing.median,
            spatial: eight.median / Double(batch), temporal: temporal.median)
        return MachineBench(
            model: model.identity, backend: backend.description, peakGflops: peak, stages: stages, cameras: cameras)
    }

    private static func cameras(
        period: Duration, hop: Int, decoding: DecodingCost, preprocessing: Double, spatial: Double, temporal: Double
    ) -> Cameras {
        let sampled = 1 / period.inSeconds
        let decode =
            (decoding.milliseconds * decoding.framesPerSecond + preprocessing * sampled) / 1000
            / Double(Processors.count)
        let inference = (spatial * sampled + temporal * sampled / Double(hop)) / 1000
        return Cameras(
            everySeconds: period.inSeconds, hop: hop, framesPerSecond: decoding.framesPerSecond,
            count: Int(usableLoad / (decode + inference)), decoding: decode, inference: inference)
    }
}

/// A picture of one grey, as I420 in memory of its own.
private struct GreyPicture {
    let width: Int
    let height: Int

    func withFrame(_ body: (PixelFrame) -> Void) {
        let chroma = ((width + 1) / 2, (height + 1) / 2)
        let bytes = [UInt8](repeating: 128, count: width * height + 2 * chroma.0 * chroma.1)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let u = base + width * height
            body(
                PixelFrame(
                    format: .i420, width: width, height: height,
                    planes: [
                        .init(base: base, strideBytes: width), .init(base: u, strideBytes: chroma.0),
                        .init(base: u + chroma.0 * chroma.1, strideBytes: chroma.0),
                    ], matrix: .bt709, range: .limited))
        }
    }
}
