import CGStreamer
import Recognizer

/// One compressed picture as a demuxer hands it out.
///
/// `@unchecked Sendable`: made by the demuxer's thread, then owned by the one that reads.
final class Packet: @unchecked Sendable {
    /// When it is shown, in nanoseconds of the medium's own time; nil if the container does not say.
    let presentation: Int64?
    fileprivate let buffer: UnsafeMutablePointer<GstBuffer>

    /// Takes over the caller's reference to `buffer`.
    /// - Parameter origin: where the medium's own time begins on the demuxer's clock.
    init(buffer: UnsafeMutablePointer<GstBuffer>, origin: Int64) {
        self.buffer = buffer
        presentation = Int64(exactly: buffer.pointee.pts).map { $0 - origin }
    }

    deinit { gst_buffer_unref(buffer) }

    var byteCount: Int { Int(gst_buffer_get_size(buffer)) }

    func role(_ syntax: PacketSyntax) -> PacketSyntax.Role? {
        var map = GstMapInfo()
        guard gst_buffer_map(buffer, &map, GST_MAP_READ) != 0 else { return nil }
        defer { gst_buffer_unmap(buffer, &map) }
        return syntax.role(of: UnsafeRawBufferPointer(start: map.data, count: Int(map.size)))
    }

    /// A buffer with the same bytes and another time of presentation, for a decoder to keep. Nil time: none.
    func buffer(at time: UInt64?) -> UnsafeMutablePointer<GstBuffer>? {
        guard let copy = gst_buffer_copy_region(buffer, GST_BUFFER_COPY_MEMORY, 0, gsize(bitPattern: -1)) else {
            return nil
        }
        copy.pointee.pts = time.map { GstClockTime($0) } ?? .max
        return copy
    }
}

/// The format of a stream of packets.
///
/// `@unchecked Sendable`: caps that are not written once they are shared.
final class PacketFormat: @unchecked Sendable {
    let caps: UnsafeMutablePointer<GstCaps>

    init(_ caps: UnsafeMutablePointer<GstCaps>) { self.caps = gst_caps_ref(caps) }

    deinit { gst_caps_unref(caps) }

    var stream: StreamCaps { StreamCaps(caps) }

    func isEqual(to other: PacketFormat) -> Bool { gst_caps_is_equal(caps, other.caps) != 0 }

    /// Nil for a format whose packets are not looked into.
    var syntax: PacketSyntax? {
        var codecData: [UInt8] = []
        if let buffer = cgst_buffer_field(gst_caps_get_structure(caps, 0), "codec_data") {
            codecData = [UInt8](repeating: 0, count: min(Int(gst_buffer_get_size(buffer)), 64))
            gst_buffer_extract(buffer, 0, &codecData, gsize(codecData.count))
        }
        return PacketSyntax(media: stream.name, codecData: codecData)
    }
}

/// What a demuxer tells about the video stream, in order.
enum PacketEvent: Sendable {
    case format(PacketFormat)
    /// The turn that makes the pictures upright, as `videoflip` names it.
    case orientation(String)
    case packet(Packet)
}
