import CGStreamer
import Recognizer
import Synchronization

/// Leads the first video stream of a demuxer into a queue, through a parser where the decoders need one.
///
/// `@unchecked Sendable`: `progress` is behind its lock; `parser` is the demuxer's thread's until that has stopped, then the
/// reader's; the other pointers never change.
final class PacketRoute: @unchecked Sendable {
    private struct Progress {
        var isLinked = false
        var kinds: Set<String> = []
        /// Where the stream begins on the demuxer's clock.
        var origin: Int64 = 0
    }

    let queue = PacketQueue()
    private let progress = Mutex(Progress())
    private var parser: UnsafeMutablePointer<GstElement>?
    private let demuxer: UnsafeMutablePointer<GstElement>
    private let entry: UnsafeMutablePointer<GstPad>?
    private let bus: UnsafeMutablePointer<GstBus>?
    private let name: String

    init(demuxer: UnsafeMutablePointer<GstElement>, name: String) {
        self.demuxer = demuxer
        self.name = name
        entry = gst_pad_new("sink", GST_PAD_SINK)
        bus = gst_bus_new()
        let context = Unmanaged.passUnretained(self).toOpaque()
        gst_bus_set_sync_handler(
            bus,
            { _, message, context in
                if let message, let route = PacketRoute.from(context) { route.note(message) }
                message.map { gst_message_unref($0) }
                return GST_BUS_DROP
            }, context, nil)
        gst_element_set_bus(demuxer, bus)
        openEntry(context)
        watchPads()
    }

    private func openEntry(_ context: gpointer) {
        gst_pad_set_chain_function_full(
            entry,
            { pad, _, buffer in
                guard let buffer else { return GST_FLOW_ERROR }
                guard let route = PacketRoute.from(pad?.pointee.chaindata), route.take(buffer) else {
                    return GST_FLOW_FLUSHING
                }
                return GST_FLOW_OK
            }, context, nil)
        gst_pad_set_event_function_full(
            entry,
            { pad, _, event in
                guard let event else { return 0 }
                PacketRoute.from(pad?.pointee.eventdata)?.take(event)
                gst_event_unref(event)
                return 1
            }, context, nil)
        gst_pad_set_active(entry, 1)
    }

    private func watchPads() {
        let added: @convention(c) (gpointer?, UnsafeMutablePointer<GstPad>?, gpointer?) -> Void = { _, pad, context in
            guard let pad, let route = PacketRoute.from(context) else { return }
            route.take(pad)
        }
        let complete: @convention(c) (gpointer?, gpointer?) -> Void = { _, context in
            PacketRoute.from(context)?.endUnlessLinked()
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        let none = GConnectFlags(rawValue: 0)
        g_signal_connect_data(demuxer, "pad-added", unsafeBitCast(added, to: GCallback.self), context, nil, none)
        g_signal_connect_data(demuxer, "no-more-pads", unsafeBitCast(complete, to: GCallback.self), context, nil, none)
        // A parser has its pad from the beginning.
        if let pad = gst_element_get_static_pad(demuxer, "src") {
            link(pad, to: entry)
            progress.withLock { $0.isLinked = true }
            gst_object_unref(pad)
        }
    }

    /// Lets go of a demuxer that waits for room.
    func close() { queue.close() }

    /// Frees all; the demuxer must have stopped.
    func dismantle() {
        if let parser {
            gst_element_set_state(parser, GST_STATE_NULL)
            gst_object_unref(parser)
        }
        gst_element_set_bus(demuxer, nil)
        bus.map { gst_object_unref($0) }
        if let entry {
            gst_pad_set_active(entry, 0)
            gst_object_unref(entry)
        }
    }

    /// A new stream of the demuxer.
    private func take(_ pad: UnsafeMutablePointer<GstPad>) {
        guard let caps = gst_pad_get_current_caps(pad) ?? gst_pad_query_caps(pad, nil) else { return }
        defer { gst_caps_unref(caps) }
        let media = StreamCaps(caps).media
        let isFirst = progress.withLock { progress in
            progress.kinds.insert(media)
            defer { if media == "video" { progress.isLinked = true } }
            return media == "video" && !progress.isLinked
        }
        guard isFirst else { return }
        guard ElementCatalogue.shared.decoder(of: caps) == nil,
            let factory = ElementCatalogue.shared.unpacker(of: caps),
            let parser = gst_element_factory_create(factory, nil)
        else { return link(pad, to: entry) }
        gst_object_ref_sink(parser)
        self.parser = parser
        gst_element_set_bus(parser, bus)
        if let (inlet, outlet) = gst_element_get_static_pad(parser, "sink").flatMap({ inlet in
            gst_element_get_static_pad(parser, "src").map { (inlet, $0) }
        }) {
            link(outlet, to: entry)
            gst_element_set_state(parser, GST_STATE_PAUSED)
            link(pad, to: inlet)
            gst_object_unref(inlet)
            gst_object_unref(outlet)
        }
    }

    private func link(_ pad: UnsafeMutablePointer<GstPad>, to next: UnsafeMutablePointer<GstPad>?) {
        if gst_pad_link(pad, next) != GST_PAD_LINK_OK {
            queue.finish(.failure(ClipFailure(kind: .undecodable, reason: "\(name): its stream cannot be unpacked")))
        }
    }

    private func endUnlessLinked() {
        let kinds = progress.withLock { $0.isLinked ? nil : $0.kinds }
        guard let kinds else { return }
        queue.finish(.failure(Self.withoutVideo(kinds, name)))
    }

    private static func withoutVideo(_ kinds: Set<String>, _ name: String) -> ClipFailure {
        let others = kinds.sorted().joined(separator: ", ")
        let detail = others.isEmpty ? "" : " (\(others) only)"
        return ClipFailure(kind: .audioOnly, reason: "\(name) has no video stream\(detail)")
    }

    /// Takes over a packet of the stream. False once nobody wants more.
    private func take(_ buffer: UnsafeMutablePointer<GstBuffer>) -> Bool {
        guard gst_buffer_get_size(buffer) > 0 else {
            // The place of a picture that was dropped when the file was made.
            gst_buffer_unref(buffer)
            return true
        }
        return queue.put(.packet(Packet(buffer: buffer, origin: progress.withLock { $0.origin })))
    }

    private func take(_ event: UnsafeMutablePointer<GstEvent>) {
        switch event.pointee.type {
        case GST_EVENT_CAPS:
            var caps: UnsafeMutablePointer<GstCaps>?
            gst_event_parse_caps(event, &caps)
            guard let caps else { return }
            let media = StreamCaps(caps).media
            // A parser's own pad is linked before it is known what comes out.
            guard media != "audio" else { return queue.finish(.failure(Self.withoutVideo([media], name))) }
            _ = queue.put(.format(PacketFormat(caps)))
        case GST_EVENT_SEGMENT:
            var segment = GstSegment()
            gst_event_copy_segment(event, &segment)
            let origin = segment.format == GST_FORMAT_TIME ? Int64(exactly: segment.start) ?? 0 : 0
            progress.withLock { $0.origin = origin }
        case GST_EVENT_TAG:
            var tags: UnsafeMutablePointer<GstTagList>?
            var text: UnsafeMutablePointer<gchar>?
            gst_event_parse_tag(event, &tags)
            guard let tags, gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &text) != 0, let text else {
                return
            }
            defer { g_free(text) }
            _ = queue.put(.orientation(String(cString: text)))
        case GST_EVENT_EOS: queue.finish(.stream)
        default: break
        }
    }

    private func note(_ message: UnsafeMutablePointer<GstMessage>) {
        guard message.pointee.type == GST_MESSAGE_ERROR, let fault = StreamFault(message) else { return }
        let (isLinked, kinds) = progress.withLock { ($0.isLinked, $0.kinds) }
        if !isLinked, !kinds.isEmpty { return queue.finish(.failure(Self.withoutVideo(kinds, name))) }
        let reason = fault.error(source: name, isFile: true, missing: nil).description
        queue.finish(.failure(ClipFailure(kind: .undecodable, reason: reason)))
    }

    private static func from(_ context: gpointer?) -> PacketRoute? {
        context.map { Unmanaged<PacketRoute>.fromOpaque($0).takeUnretainedValue() }
    }
}
