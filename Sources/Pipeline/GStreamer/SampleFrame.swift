import CGStreamer
import Recognizer

/// A decoded picture, kept as the sample that GStreamer delivered.
///
/// `@unchecked Sendable`: the sample's reference count is atomic, its buffer and caps are never written after delivery, and every
/// `withPixels` maps for itself.
final class SampleFrame: HeldFrame, @unchecked Sendable {
    let presentationTime: StreamTime
    let capsGeneration: Int
    private let sample: OpaquePointer
    private let shape: PictureShape
    private let source: String

    /// Takes over the caller's reference to `sample`.
    init(
        sample: OpaquePointer, shape: PictureShape, presentationTime: StreamTime, capsGeneration: Int, source: String
    ) {
        self.sample = sample
        self.shape = shape
        self.presentationTime = presentationTime
        self.capsGeneration = capsGeneration
        self.source = source
    }

    deinit { gst_sample_unref(sample) }

    /// Bytes of the picture, padding included.
    var byteCount: Int { gst_sample_get_buffer(sample).map { Int(gst_buffer_get_size($0)) } ?? 0 }

    func withPixels<R>(_ body: (PixelFrame) throws -> R) throws -> R {
        guard let caps = gst_sample_get_caps(sample), let buffer = gst_sample_get_buffer(sample) else {
            throw PipelineError.badCaps(source: source, reason: "a frame without caps or data")
        }
        var info = GstVideoInfo()
        var frame = GstVideoFrame()
        let flags = GstMapFlags(rawValue: GST_MAP_READ.rawValue | GST_VIDEO_FRAME_MAP_FLAG_NO_REF.rawValue)
        guard gst_video_info_from_caps(&info, caps) != 0, gst_video_frame_map(&frame, &info, buffer, flags) != 0 else {
            throw PipelineError.badCaps(source: source, reason: "a frame that does not fit its caps cannot be mapped")
        }
        defer { gst_video_frame_unmap(&frame) }
        // Strides after mapping are those of the buffer's GstVideoMeta where it has one.
        let bases = [frame.data.0, frame.data.1, frame.data.2]
        let strides = [frame.info.stride.0, frame.info.stride.1, frame.info.stride.2]
        var planes: [PixelFrame.Plane] = []
        for index in 0..<shape.format.planeCount {
            guard let base = bases[index] else {
                throw PipelineError.badCaps(source: source, reason: "a frame without its plane \(index)")
            }
            planes.append(
                .init(base: UnsafePointer(base.assumingMemoryBound(to: UInt8.self)), strideBytes: Int(strides[index])))
        }
        return try body(
            PixelFrame(
                format: shape.format, width: shape.width, height: shape.height, planes: planes, matrix: shape.matrix,
                range: shape.range))
    }
}

extension PixelFormat {
    fileprivate var planeCount: Int {
        switch self {
        case .rgb: 1
        case .nv12: 2
        case .i420: 3
        }
    }
}
