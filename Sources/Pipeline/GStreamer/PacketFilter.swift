import CGStreamer
import Synchronization

/// Stands before a decoder and lets through what `KeyFrameFilter` wants decoded.
///
/// Called on GStreamer's threads; the pad that it watches keeps it alive.
final class PacketFilter: Sendable {
    private let filter: Mutex<KeyFrameFilter>

    init(_ filter: KeyFrameFilter) { self.filter = Mutex(filter) }

    func watch(_ decoder: Element) {
        guard let pad = gst_element_get_static_pad(decoder.pointer, "sink") else { return }
        defer { gst_object_unref(pad) }
        gst_pad_add_probe(
            pad,
            GstPadProbeType(rawValue: GST_PAD_PROBE_TYPE_BUFFER.rawValue | GST_PAD_PROBE_TYPE_EVENT_FLUSH.rawValue),
            { _, info, context in
                guard let info, let data = info.pointee.data, let context else { return GST_PAD_PROBE_OK }
                let filter = Unmanaged<PacketFilter>.fromOpaque(context).takeUnretainedValue()
                guard info.pointee.type.rawValue & GST_PAD_PROBE_TYPE_BUFFER.rawValue != 0 else {
                    filter.filter.withLock { $0.restart() }
                    return GST_PAD_PROBE_OK
                }
                return filter.verdict(data.assumingMemoryBound(to: GstBuffer.self)) == .drop
                    ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK
            }, Unmanaged.passRetained(self).toOpaque(),
            { context in if let context { Unmanaged<PacketFilter>.fromOpaque(context).release() } })
    }

    private func verdict(_ buffer: UnsafeMutablePointer<GstBuffer>) -> KeyFrameFilter.Verdict {
        let isKey = buffer.pointee.mini_object.flags & GST_BUFFER_FLAG_DELTA_UNIT.rawValue == 0
        let time = buffer.pointee.pts == .max ? buffer.pointee.dts : buffer.pointee.pts
        return filter.withLock { $0.offer(isKey: isKey, time: Int64(exactly: time)) }
    }
}
