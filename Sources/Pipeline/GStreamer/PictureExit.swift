import CGStreamer
import Recognizer

/// The end of a chain of elements that decodes on the calling thread: picks the wanted pictures behind the decoder, and takes
/// them behind the last element.
///
/// Its callbacks run within calls of the thread that uses the chain, and only there.
final class PictureExit {
    private var shapes = ShapeHistory()
    private(set) var error: (any Error)?
    private var outlet: PictureDecoder.Outlet?
    private var caps: UnsafeMutablePointer<GstCaps>?

    deinit { caps.map { gst_caps_unref($0) } }

    /// A pad for the forms of picture that the preprocessing reads.
    static func pad() -> UnsafeMutablePointer<GstPad>? {
        let caps = gst_caps_from_string("video/x-raw,format={I420,NV12,RGB}")
        defer { caps.map { gst_caps_unref($0) } }
        guard let template = gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps) else { return nil }
        defer { gst_object_unref(template) }
        gst_object_ref_sink(template)
        return gst_pad_new_from_template(template, "sink")
    }

    /// Both must go before the value does.
    func watch(decoder: UnsafeMutablePointer<GstElement>, sink: UnsafeMutablePointer<GstPad>) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        if let pad = gst_element_get_static_pad(decoder, "src") {
            gst_pad_add_probe(
                pad, GST_PAD_PROBE_TYPE_BUFFER,
                { _, info, context in
                    guard let data = info?.pointee.data, let exit = PictureExit.from(context) else {
                        return GST_PAD_PROBE_DROP
                    }
                    return exit.isWanted(data.assumingMemoryBound(to: GstBuffer.self))
                        ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP
                }, context, nil)
            gst_object_unref(pad)
        }
        gst_pad_set_chain_function_full(
            sink,
            { pad, _, buffer in
                guard let buffer else { return GST_FLOW_ERROR }
                defer { gst_buffer_unref(buffer) }
                return PictureExit.from(pad?.pointee.chaindata)?.take(buffer) == true ? GST_FLOW_OK : GST_FLOW_ERROR
            }, context, nil)
        gst_pad_set_event_function_full(
            sink,
            { pad, _, event in
                guard let event else { return 0 }
                defer { gst_event_unref(event) }
                return PictureExit.from(pad?.pointee.eventdata)?.take(event) == true ? 1 : 0
            }, context, nil)
        gst_pad_set_query_function_full(
            sink,
            { pad, parent, query in
                guard let query, query.pointee.type == GST_QUERY_ALLOCATION else {
                    return gst_pad_query_default(pad, parent, query)
                }
                // Rows may be as long as the decoder likes: nothing is copied.
                gst_query_add_allocation_meta(query, gst_video_meta_api_get_type(), nil)
                return 1
            }, context, nil)
    }

    /// Runs `body`, during which pictures go to `outlet`. Throws what went wrong with them, or what `body` throws.
    func with(_ outlet: PictureDecoder.Outlet, _ body: () throws -> Void) throws {
        self.outlet = outlet
        error = nil
        defer { self.outlet = nil }
        try body()
        if let error { throw error }
    }

    private func isWanted(_ buffer: UnsafeMutablePointer<GstBuffer>) -> Bool {
        let time = buffer.pointee.pts
        return outlet?.select(time == .max ? nil : UInt64(time)) ?? false
    }

    private func take(_ event: UnsafeMutablePointer<GstEvent>) -> Bool {
        guard event.pointee.type == GST_EVENT_CAPS else { return true }
        var found: UnsafeMutablePointer<GstCaps>?
        gst_event_parse_caps(event, &found)
        guard let found else { return false }
        caps.map { gst_caps_unref($0) }
        caps = gst_caps_ref(found)
        do {
            var info = GstVideoInfo()
            guard gst_video_info_from_caps(&info, found) != 0 else {
                throw PipelineError.badCaps(
                    source: "clip", reason: "the decoder does not say the pictures' format and size")
            }
            shapes.note(try PictureShape(caps: found, info: info, source: "clip"))
            return true
        } catch {
            self.error = error
            return false
        }
    }

    private func take(_ buffer: UnsafeMutablePointer<GstBuffer>) -> Bool {
        guard let shape = shapes.current, let caps, let outlet, error == nil,
            let sample = gst_sample_new(buffer, caps, nil, nil)
        else { return false }
        do {
            try outlet.take(
                SampleFrame(
                    sample: sample, shape: shape, presentationTime: .zero, capsGeneration: shapes.generation,
                    source: "clip"))
            return true
        } catch {
            self.error = error
            return false
        }
    }

    private static func from(_ context: gpointer?) -> PictureExit? {
        context.map { Unmanaged<PictureExit>.fromOpaque($0).takeUnretainedValue() }
    }
}
