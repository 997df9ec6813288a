import CGStreamer

/// Serves a clip's bytes to a demuxer that asks for them by offset.
///
/// `@unchecked Sendable`: the demuxer's thread calls it; nothing changes after `init`.
final class ClipBytes: @unchecked Sendable {
    private let file: ClipFile
    private let watch: ClipWatch

    init(file: ClipFile, watch: ClipWatch) {
        self.file = file
        self.watch = watch
    }

    /// Makes `pad` serve the bytes. The pad must not outlive the value.
    func serve(_ pad: UnsafeMutablePointer<GstPad>) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        gst_pad_set_getrange_function_full(pad, Self.getPadRange, context, nil)
        gst_pad_set_query_function_full(
            pad,
            { pad, parent, query in
                guard let pad, let query, let data = pad.pointee.querydata else { return 0 }
                return Unmanaged<ClipBytes>.fromOpaque(data).takeUnretainedValue().answer(query)
                    ? 1 : gst_pad_query_default(pad, parent, query)
            }, context, nil)
        gst_pad_set_activatemode_function_full(
            pad, { _, _, mode, _ in mode == GST_PAD_MODE_PULL ? 1 : 0 }, context, nil)
        gst_pad_set_event_function_full(
            pad,
            { _, _, event in
                event.map { gst_event_unref($0) }
                return 0
            }, context, nil)
    }

    private static let getPadRange: GstPadGetRangeFunction = { pad, _, offset, count, buffer in
        guard let pad, let buffer, let data = pad.pointee.getrangedata else { return GST_FLOW_ERROR }
        return Unmanaged<ClipBytes>.fromOpaque(data).takeUnretainedValue().get(offset, count, buffer)
    }

    /// For the detection of types; the object is the pad.
    static let getRange: GstTypeFindHelperGetRangeFunction = { object, _, offset, count, buffer in
        guard let object else { return GST_FLOW_ERROR }
        let pad = UnsafeMutableRawPointer(object).assumingMemoryBound(to: GstPad.self)
        return getPadRange(pad, nil, offset, count, buffer)
    }

    private func get(
        _ offset: guint64, _ count: guint, _ result: UnsafeMutablePointer<UnsafeMutablePointer<GstBuffer>?>
    ) -> GstFlowReturn {
        guard watch.verdict == nil else { return GST_FLOW_ERROR }
        guard offset < file.byteCount else { return GST_FLOW_EOS }
        let wanted = min(Int(count), file.byteCount - Int(offset))
        // A caller may bring a buffer of its own to be filled.
        guard let buffer = result.pointee ?? gst_buffer_new_allocate(nil, gsize(wanted), nil) else {
            return GST_FLOW_ERROR
        }
        var map = GstMapInfo()
        var got: Int?
        if gst_buffer_map(buffer, &map, GST_MAP_WRITE) != 0 {
            got = file.read(
                at: Int(offset), into: UnsafeMutableRawBufferPointer(start: map.data, count: min(wanted, Int(map.size)))
            )
            gst_buffer_unmap(buffer, &map)
        }
        guard let got, got > 0 else {
            if result.pointee == nil { gst_buffer_unref(buffer) }
            return got == nil ? GST_FLOW_ERROR : GST_FLOW_EOS
        }
        if got < Int(map.size) { gst_buffer_set_size(buffer, gssize(got)) }
        buffer.pointee.offset = offset
        buffer.pointee.offset_end = offset + guint64(got)
        result.pointee = buffer
        return GST_FLOW_OK
    }

    /// False for a question that GStreamer answers by itself.
    private func answer(_ query: UnsafeMutablePointer<GstQuery>) -> Bool {
        switch query.pointee.type {
        case GST_QUERY_SCHEDULING:
            gst_query_set_scheduling(query, GST_SCHEDULING_FLAG_SEEKABLE, 1, -1, 0)
            gst_query_add_scheduling_mode(query, GST_PAD_MODE_PULL)
            return true
        case GST_QUERY_DURATION:
            var format = GST_FORMAT_UNDEFINED
            gst_query_parse_duration(query, &format, nil)
            guard format == GST_FORMAT_BYTES else { return false }
            gst_query_set_duration(query, format, gint64(file.byteCount))
            return true
        case GST_QUERY_SEEKING:
            var format = GST_FORMAT_UNDEFINED
            gst_query_parse_seeking(query, &format, nil, nil, nil)
            guard format == GST_FORMAT_BYTES else { return false }
            gst_query_set_seeking(query, format, 1, 0, gint64(file.byteCount))
            return true
        default: return false
        }
    }
}
