import CGStreamer
import Recognizer

/// Decodes packets on the calling thread, and hands out the pictures that are wanted, upright and in a form that the
/// preprocessing reads.
///
/// No pipeline and no thread of GStreamer's takes part: what is pushed into the first element comes out of the last one before
/// the call returns, but for the pictures that the decoder holds back to put them in order. It can be used for any number of
/// streams. Used by one thread.
final class PictureDecoder {
    /// What becomes of the decoded pictures, in the order in which they are shown.
    struct Outlet {
        /// Whether the picture with this time is wanted; called for each.
        var select: (UInt64?) -> Bool
        /// Called with each that is.
        var take: (SampleFrame) throws -> Void
    }

    private let name: String
    private let source: UnsafeMutablePointer<GstPad>
    private let sink: UnsafeMutablePointer<GstPad>
    private let elements: [Element]
    private let bus: UnsafeMutablePointer<GstBus>
    private let factory: OpaquePointer
    private let flip: Element
    private let exit = PictureExit()

    /// Throws the reason why nothing decodes the format.
    init(_ format: PacketFormat, name: String) throws(PipelineError) {
        try GStreamerRuntime.require(["videoconvert", "videoflip"], source: name)
        let missing = StreamFault.MissingPlugin(kind: "decoder", detail: format.stream.name)
        guard let factory = ElementCatalogue.shared.decoder(of: format.caps),
            let decoder = gst_element_factory_create(factory, nil)
        else { throw missing.error(source: name) }
        guard let convert = gst_element_factory_make("videoconvert", nil),
            let flip = gst_element_factory_make("videoflip", nil), let bus = gst_bus_new(),
            let source = gst_pad_new("src", GST_PAD_SRC),
            let sink = PictureExit.pad()
        else { throw .unreadable(source: name, reason: "GStreamer made no decoder") }
        self.name = name
        self.factory = factory
        self.bus = bus
        self.source = source
        self.sink = sink
        self.flip = Element(flip)
        elements = [Element(decoder), Element(convert), Element(flip)]
        for element in elements {
            gst_object_ref_sink(element.pointer)
            gst_element_set_bus(element.pointer, bus)
        }
        prepare(elements[0])
        exit.watch(decoder: decoder, sink: sink)
        try link()
    }

    deinit {
        gst_pad_set_active(source, 0)
        for element in elements { gst_element_set_state(element.pointer, GST_STATE_NULL) }
        gst_pad_set_active(sink, 0)
        for element in elements {
            gst_element_set_bus(element.pointer, nil)
            gst_object_unref(element.pointer)
        }
        gst_object_unref(source)
        gst_object_unref(sink)
        gst_object_unref(bus)
    }

    private func prepare(_ decoder: Element) {
        for property in ["max-threads", "n-threads", "threads"] where decoder.has(property) { decoder.set(property, 1) }
        // Reorder as far as the level allows, not only as far as was seen so far: else the first pictures of a stream that
        // does not state its depth are lost.
        if decoder.factoryName == "avdec_h264" { decoder.set("std-compliance", nickname: "strict") }
        if decoder.factoryName == "jpegdec" { decoder.set("idct-method", nickname: "islow") }
        // Pictures before the first from which decoding can begin are not counted by other readers either.
        if decoder.has("output-corrupt") { decoder.set("output-corrupt", false) }
    }

    private func link() throws(PipelineError) {
        func pad(_ element: Element, _ name: String) -> UnsafeMutablePointer<GstPad>? {
            gst_element_get_static_pad(element.pointer, name)
        }
        func join(_ from: UnsafeMutablePointer<GstPad>?, _ to: UnsafeMutablePointer<GstPad>?) -> Bool {
            gst_pad_link_full(from, to, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK
        }
        let inlets = elements.map { pad($0, "sink") }
        let outlets = elements.map { pad($0, "src") }
        defer { for pad in inlets + outlets { pad.map { gst_object_unref($0) } } }
        let isLinked =
            join(source, inlets[0]) && join(outlets[0], inlets[1]) && join(outlets[1], inlets[2])
            && join(outlets[2], sink)
        gst_pad_set_active(sink, 1)
        for element in elements.reversed() {
            guard isLinked, gst_element_set_state(element.pointer, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE else {
                throw .unreadable(source: name, reason: "\(element.factoryName) does not start")
            }
        }
        gst_pad_set_active(source, 1)
    }

    /// Whether `begin` can be called with a format.
    func accepts(_ format: PacketFormat) -> Bool {
        ElementCatalogue.shared.decoder(of: format.caps) == factory
    }

    /// Begins a stream; nothing of the one before is left.
    /// - Parameter orientation: as the container's tag names the turn.
    func begin(_ format: PacketFormat, orientation: String?) {
        reset()
        flip.set("video-direction", nickname: Self.direction(orientation))
        gst_pad_push_event(source, gst_event_new_stream_start("clip"))
        change(format)
        pushSegment()
    }

    /// Goes on in another format.
    func change(_ format: PacketFormat) {
        gst_pad_push_event(source, gst_event_new_caps(format.caps))
    }

    /// Decodes one packet. Throws when the decoder gives up, or what `outlet` throws.
    func push(_ packet: Packet, at time: UInt64?, to outlet: Outlet) throws {
        guard let buffer = packet.buffer(at: time) else {
            throw PipelineError.unreadable(source: name, reason: "a packet without data")
        }
        try exit.with(outlet) {
            let result = gst_pad_push(source, buffer)
            guard result == GST_FLOW_OK || exit.error != nil else { throw fault() }
        }
    }

    /// Hands out what the decoder holds back. `resume` or `begin` must follow.
    func drain(to outlet: Outlet) throws {
        try exit.with(outlet) { gst_pad_push_event(source, gst_event_new_eos()) }
    }

    /// After `drain`: the same stream from another place.
    func resume() {
        reset()
        pushSegment()
    }

    private func reset() {
        gst_pad_push_event(source, gst_event_new_flush_start())
        gst_pad_push_event(source, gst_event_new_flush_stop(1))
        gst_bus_set_flushing(bus, 1)
        gst_bus_set_flushing(bus, 0)
    }

    private func pushSegment() {
        var segment = GstSegment()
        gst_segment_init(&segment, GST_FORMAT_TIME)
        gst_pad_push_event(source, gst_event_new_segment(&segment))
    }

    private func fault() -> PipelineError {
        while let message = gst_bus_pop(bus) {
            defer { gst_message_unref(message) }
            if message.pointee.type == GST_MESSAGE_ERROR, let fault = StreamFault(message) {
                return fault.error(source: name, isFile: true, missing: nil)
            }
        }
        return .unreadable(source: name, reason: "its pictures cannot be decoded")
    }

    private static func direction(_ orientation: String?) -> String {
        switch orientation {
        case "rotate-90": "90r"
        case "rotate-180": "180"
        case "rotate-270": "90l"
        case "flip-rotate-0": "horiz"
        case "flip-rotate-180": "vert"
        case "flip-rotate-90": "ul-lr"
        case "flip-rotate-270": "ur-ll"
        default: "identity"
        }
    }
}
