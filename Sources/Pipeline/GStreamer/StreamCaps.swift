import CGStreamer

/// What the caps of a stream, decoded or not, say about it.
struct StreamCaps: Sendable {
    /// Media type, `video/x-h264`; empty for caps that leave it open.
    let name: String
    let width: Int?
    let height: Int?
    private let rtpMedia: String?

    init(_ caps: UnsafeMutablePointer<GstCaps>) {
        guard gst_caps_get_size(caps) > 0, let structure = gst_caps_get_structure(caps, 0) else {
            (name, width, height, rtpMedia) = ("", nil, nil, nil)
            return
        }
        name = gst_structure_get_name(structure).map { String(cString: $0) } ?? ""
        var number: gint = 0
        width = gst_structure_get_int(structure, "width", &number) != 0 ? Int(number) : nil
        height = gst_structure_get_int(structure, "height", &number) != 0 ? Int(number) : nil
        rtpMedia = gst_structure_get_string(structure, "media").map { String(cString: $0) }
    }

    /// `video` of `video/x-h264`.
    var kind: String { String(name.prefix { $0 != "/" }) }

    /// `video`, `audio` and so on, for RTP too, where the media type does not tell.
    var media: String { rtpMedia ?? (kind == "image" ? "video" : kind) }

    /// Types that make a demuxer open other addresses.
    static let playlists: Set<String> = [
        "application/x-hls", "application/dash+xml", "application/sdp", "application/vnd.ms-sstr+xml",
        "application/smil",
        "text/uri-list", "audio/x-mpegurl",
    ]
}
