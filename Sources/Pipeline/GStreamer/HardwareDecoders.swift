import CGStreamer
import Foundation

/// The hardware decoders that this GStreamer has.
enum HardwareDecoders {
    /// Gives them ranks before those of software, as `DecoderChoice` says. Call when GStreamer has started, once.
    static func prefer() {
        let ranked = ProcessInfo.processInfo.environment["GST_PLUGIN_FEATURE_RANK"] ?? ""
        let names = Set(ranked.split(separator: ",").compactMap { $0.split(separator: ":").first.map(String.init) })
        let list = cgst_all_picture_decoders()
        var entry = list
        while let cell = entry {
            if let data = cell.pointee.data {
                let factory = OpaquePointer(data)
                if let rank = DecoderChoice.rank(for: candidate(factory), rankedByUser: names) {
                    cgst_set_rank(factory, guint(rank))
                }
            }
            entry = cell.pointee.next
        }
        gst_plugin_feature_list_free(list)
    }

    static func candidate(_ factory: OpaquePointer) -> DecoderChoice.Candidate {
        let role = gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS).map { String(cString: $0) }
        return DecoderChoice.Candidate(
            name: cgst_factory_name(factory).map { String(cString: $0) } ?? "", role: role ?? "",
            rank: Int(cgst_rank(factory)))
    }
}
