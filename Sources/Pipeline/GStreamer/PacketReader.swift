import CGStreamer
import Recognizer

/// Unpacks the first video stream of a clip: its packets in decoding order, none decoded.
///
/// The demuxer reads through a pad of ours, on a thread of GStreamer's, and can neither open other files nor addresses. Used by
/// one thread.
final class PacketReader {
    private let file: ClipFile
    private let watch: ClipWatch
    private let route: PacketRoute
    private let source: UnsafeMutablePointer<GstPad>
    private let demuxer: UnsafeMutablePointer<GstElement>
    private let bytes: ClipBytes

    init(file: ClipFile, watch: ClipWatch) throws(ClipFailure) {
        self.file = file
        self.watch = watch
        bytes = ClipBytes(file: file, watch: watch)
        guard let source = gst_pad_new("src", GST_PAD_SRC) else {
            throw ClipFailure(kind: .undecodable, reason: "GStreamer made no pad")
        }
        self.source = source
        bytes.serve(source)
        do throws(ClipFailure) {
            demuxer = try Self.demuxer(for: file, source: source, watch: watch)
        } catch {
            gst_object_unref(source)
            throw error
        }
        route = PacketRoute(demuxer: demuxer, name: file.name)
        guard let entry = gst_element_get_static_pad(demuxer, "sink") else { return }
        defer { gst_object_unref(entry) }
        gst_pad_link(source, entry)
        if gst_element_set_state(demuxer, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE {
            route.queue.finish(.failure(ClipFailure(kind: .undecodable, reason: "\(file.name) cannot be unpacked")))
        }
    }

    deinit {
        route.close()
        gst_element_set_state(demuxer, GST_STATE_NULL)
        route.dismantle()
        gst_object_unref(demuxer)
        gst_object_unref(source)
    }

    /// What the demuxer found since; empty at the end of the stream.
    func next() throws(ClipFailure) -> [PacketEvent] {
        do {
            return try route.queue.take(watch, name: file.name)
        } catch {
            // The demuxer reports a read that was refused as a fault of the file.
            if let verdict = watch.verdict { throw watch.failure(file.name, verdict) }
            throw error
        }
    }

    private static func demuxer(
        for file: ClipFile, source: UnsafeMutablePointer<GstPad>, watch: ClipWatch
    ) throws(ClipFailure) -> UnsafeMutablePointer<GstElement> {
        func failure(_ kind: ClipFailure.Kind, _ reason: String) -> ClipFailure {
            ClipFailure(kind: kind, reason: "\(file.name) \(reason)")
        }
        var likelihood = GST_TYPE_FIND_NONE
        guard
            let caps = gst_type_find_helper_get_range(
                UnsafeMutableRawPointer(source).assumingMemoryBound(to: GstObject.self), nil,
                ClipBytes.getRange, guint64(file.byteCount), nil, &likelihood)
        else {
            if let verdict = watch.verdict { throw watch.failure(file.name, verdict) }
            throw failure(.undecodable, "is not a video that GStreamer can read")
        }
        defer { gst_caps_unref(caps) }
        let type = StreamCaps(caps)
        if StreamCaps.playlists.contains(type.name) {
            throw failure(.refused, "is a playlist, not a video; what it points at is not followed")
        }
        // A picture or a text is no stream, though some parser takes it.
        guard !["image", "text"].contains(type.kind) else {
            throw failure(.undecodable, "is \(type.name), not a video")
        }
        guard let factory = ElementCatalogue.shared.unpacker(of: caps),
            let element = gst_element_factory_create(factory, nil)
        else {
            let missing = StreamFault.MissingPlugin(kind: "demuxer", detail: type.name)
            throw type.kind == "audio"
                ? failure(.audioOnly, "has sound only (\(type.name))")
                : ClipFailure(kind: .undecodable, reason: missing.error(source: file.name).description)
        }
        gst_object_ref_sink(element)
        return element
    }
}
