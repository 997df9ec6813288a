import CGStreamer
import Recognizer

/// Size, layout and colours of a stream's pictures, and how to find a picture in a buffer.
struct PictureShape: Equatable {
    let format: PixelFormat
    let width: Int
    let height: Int
    let matrix: ColourMatrix
    let range: ColourRange

    /// The largest side, and the largest area (8192 x 8192), of a picture that is decoded.
    static let sideLimit = 16_384
    static let areaLimit = 8_192 * 8_192

    /// True for a picture too large to be decoded.
    static func exceedsLimits(width: Int, height: Int) -> Bool {
        width > sideLimit || height > sideLimit || width * height > areaLimit
    }

    /// Reads the caps of decoded pictures. Throws `PipelineError.badCaps`.
    /// - Parameter info: filled by `gst_video_info_from_caps` from `caps`.
    init(caps: UnsafePointer<GstCaps>, info: GstVideoInfo, source: String) throws(PipelineError) {
        switch info.finfo.pointee.format {
        case GST_VIDEO_FORMAT_I420: format = .i420
        case GST_VIDEO_FORMAT_NV12: format = .nv12
        case GST_VIDEO_FORMAT_RGB: format = .rgb
        default:
            let name = String(cString: info.finfo.pointee.name)
            throw .badCaps(source: source, reason: "pictures come as \(name); expected I420, NV12 or RGB")
        }
        (width, height) = (Int(info.width), Int(info.height))
        guard width > 0, height > 0, !Self.exceedsLimits(width: width, height: height) else {
            throw Self.tooLarge(width: width, height: height, source: source)
        }
        let structure = gst_caps_get_structure(caps, 0)
        // Without the field gst_video_info_from_caps guesses by its own rule, which takes anything tall for BT.2020.
        let isStated = gst_structure_has_field(structure, "colorimetry") != 0
        matrix = Self.matrix(isStated ? info.colorimetry.matrix : GST_VIDEO_COLOR_MATRIX_UNKNOWN, height: height)
        switch info.colorimetry.range {
        case GST_VIDEO_COLOR_RANGE_0_255: range = .full
        case GST_VIDEO_COLOR_RANGE_16_235: range = .limited
        default: range = format == .rgb ? .full : .limited
        }
    }

    static func tooLarge(width: Int, height: Int, source: String) -> PipelineError {
        .badCaps(
            source: source,
            reason: "pictures are \(width)x\(height); accepted is up to \(sideLimit) a side and \(areaLimit) pixels")
    }

    /// A stream that does not say follows the rule of broadcasting: high definition is BT.709, less is BT.601.
    private static func matrix(_ stated: GstVideoColorMatrix, height: Int) -> ColourMatrix {
        switch stated {
        case GST_VIDEO_COLOR_MATRIX_BT601, GST_VIDEO_COLOR_MATRIX_FCC: .bt601
        case GST_VIDEO_COLOR_MATRIX_BT709, GST_VIDEO_COLOR_MATRIX_SMPTE240M: .bt709
        case GST_VIDEO_COLOR_MATRIX_BT2020: .bt2020
        default: height >= 720 ? .bt709 : .bt601
        }
    }
}
