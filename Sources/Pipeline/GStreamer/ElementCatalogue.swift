import CGStreamer

/// The unpackers and decoders that this GStreamer has, best rank first.
///
/// `@unchecked Sendable`: the list never changes, and factories are objects that any thread may use.
final class ElementCatalogue: @unchecked Sendable {
    private let unpackers: [OpaquePointer]
    private let decoders: [OpaquePointer]

    /// Call `GStreamerRuntime.start` before.
    static let shared = ElementCatalogue()

    private init() {
        unpackers = Self.sorted(cgst_unpackers()) { role in
            // Those fetch what a playlist names.
            !role.contains("Adaptive")
        }
        // What a graphics card decodes may differ from what the next one does.
        decoders = Self.sorted(cgst_picture_decoders()) { role in !role.contains("Hardware") }
    }

    private static func sorted(_ list: UnsafeMutablePointer<GList>?, _ fits: (String) -> Bool) -> [OpaquePointer] {
        let ranked = g_list_sort(list) { gst_plugin_feature_rank_compare_func($0, $1) }
        var factories: [OpaquePointer] = []
        var entry = ranked
        while let cell = entry {
            if let data = cell.pointee.data {
                let factory = OpaquePointer(data)
                let role = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS)
                if fits(role.map { String(cString: $0) } ?? "") {
                    gst_object_ref(data)
                    factories.append(factory)
                }
            }
            entry = cell.pointee.next
        }
        gst_plugin_feature_list_free(ranked)
        return factories
    }

    /// A demuxer or parser for a type of file or stream.
    func unpacker(of caps: UnsafePointer<GstCaps>) -> OpaquePointer? {
        unpackers.first { gst_element_factory_can_sink_any_caps($0, caps) != 0 }
    }

    /// A decoder that takes a stream as it is.
    func decoder(of caps: UnsafePointer<GstCaps>) -> OpaquePointer? {
        decoders.first { gst_element_factory_can_sink_all_caps($0, caps) != 0 }
    }
}
