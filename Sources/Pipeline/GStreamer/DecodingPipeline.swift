import CGStreamer

/// One GStreamer pipeline from a source to decoded pictures, taken one at a time.
///
/// Used by one thread. GStreamer's own threads decode ahead of it by a few pictures: a file's wait until they are taken, a
/// live source's oldest are dropped.
final class DecodingPipeline {
    enum Output {
        case frame(SampleFrame)
        /// The decoder marked a frame as damaged.
        case corrupt
        /// A frame had no place on the stream's clock.
        case untimed
        /// Nothing within the time given.
        case idle
        case end
        /// - transportRefused: another RTSP transport may work.
        case fault(PipelineError, transportRefused: Bool)
    }

    private let location: SourceLocation
    private let name: String
    private let pipeline: UnsafeMutablePointer<GstElement>
    private let sink: UnsafeMutablePointer<GstAppSink>
    private let bus: UnsafeMutablePointer<GstBus>
    private let observer: StreamObserver
    /// Nil unless the source is an RTSP session.
    private let transport: RTSPTransport?
    private var missing: StreamFault.MissingPlugin?
    private var fault: StreamFault?
    private var lastCaps: UnsafeMutablePointer<GstCaps>?
    private var isClosed = false
    /// Shape of the latest picture; given to the next pipeline of the same source.
    private(set) var shapes: ShapeHistory

    /// Builds the pipeline and starts it. Throws `PipelineError.missingElement` or what the source answers at once.
    init(
        location: SourceLocation, name: String, options: SourceOptions, transport: RTSPTransport, shapes: ShapeHistory
    ) throws(PipelineError) {
        try GStreamerRuntime.start()
        guard let pipeline = gst_pipeline_new(nil), let bus = gst_element_get_bus(pipeline) else {
            throw .unreadable(source: name, reason: "GStreamer made no pipeline")
        }
        do throws(PipelineError) {
            let blueprint = PipelineBlueprint(
                pipeline: Element(pipeline), location: location, name: name, options: options)
            (sink, observer) = try blueprint.build(transport: transport)
        } catch {
            gst_object_unref(bus)
            gst_object_unref(pipeline)
            throw error
        }
        self.location = location
        self.name = name
        if case .network(let place) = location, place.isRTSP {
            self.transport = transport
        } else {
            self.transport = nil
        }
        self.pipeline = pipeline
        self.bus = bus
        self.shapes = shapes
        if gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE {
            readBus()
            fault = fault ?? StreamFault(domain: nil, code: 0, message: "cannot be started", debug: "")
        }
    }

    deinit { close() }

    /// Stops all of its threads and frees all that it holds, frames handed out excepted. May take as long as a driver takes.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        gst_element_set_state(pipeline, GST_STATE_NULL)
        lastCaps.map { gst_caps_unref($0) }
        gst_object_unref(bus)
        gst_object_unref(pipeline)
    }

    /// The next thing that happened, waiting at most for `limit`. What was decoded before a fault comes before the fault.
    func next(within limit: Duration) -> Output {
        readBus()
        if let refusal = observer.refusal { return .fault(refusal, transportRefused: false) }
        let patience = fault == nil ? limit.wholeNanoseconds : 0
        if let sample = gst_app_sink_try_pull_sample(sink, GstClockTime(patience)) { return output(of: sample) }
        // In this order: an element posts its error before it ends its stream.
        let isEnd = gst_app_sink_is_eos(sink) != 0
        readBus()
        if let refusal = observer.refusal { return .fault(refusal, transportRefused: false) }
        if let fault { return output(of: fault) }
        return isEnd ? .end : .idle
    }

    /// Whether its decoder is hardware; false before there is one.
    var usesHardware: Bool { observer.usesHardware }

    private var isFile: Bool {
        if case .file = location { return true }
        return false
    }

    private func output(of fault: StreamFault) -> Output {
        if let transport, fault.isNothingPlayable, missing == nil {
            if let error = observer.noVideo { return .fault(error, transportRefused: false) }
            let reason = "the camera refuses to send by \(transport.rawValue)"
            return .fault(.unreachable(source: name, reason: reason), transportRefused: true)
        }
        return .fault(fault.error(source: name, isFile: isFile, missing: missing), transportRefused: false)
    }

    /// Takes over `sample`.
    private func output(of sample: OpaquePointer) -> Output {
        var isKept = false
        defer { if !isKept { gst_sample_unref(sample) } }
        guard let buffer = gst_sample_get_buffer(sample), let caps = gst_sample_get_caps(sample) else {
            return .untimed
        }
        if buffer.pointee.mini_object.flags & GST_BUFFER_FLAG_CORRUPTED.rawValue != 0 { return .corrupt }
        if caps != lastCaps {
            do throws(PipelineError) {
                try take(caps: caps)
            } catch {
                return .fault(error, transportRefused: false)
            }
        }
        guard let shape = shapes.current, let time = time(of: buffer, in: gst_sample_get_segment(sample)) else {
            return .untimed
        }
        isKept = true
        return .frame(
            SampleFrame(
                sample: sample, shape: shape, presentationTime: time, capsGeneration: shapes.generation, source: name))
    }

    private func take(caps: UnsafeMutablePointer<GstCaps>) throws(PipelineError) {
        var info = GstVideoInfo()
        guard gst_video_info_from_caps(&info, caps) != 0 else {
            throw .badCaps(source: name, reason: "the decoder does not say the pictures' format and size")
        }
        shapes.note(try PictureShape(caps: caps, info: info, source: name))
        lastCaps.map { gst_caps_unref($0) }
        lastCaps = gst_caps_ref(caps)
    }

    /// A recording's own time, or for a live source the time since it was opened.
    private func time(
        of buffer: UnsafeMutablePointer<GstBuffer>, in segment: UnsafeMutablePointer<GstSegment>?
    ) -> StreamTime? {
        guard let segment, segment.pointee.format == GST_FORMAT_TIME, buffer.pointee.pts != .max else { return nil }
        let time =
            location.isLive
            ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, buffer.pointee.pts)
            : gst_segment_to_stream_time(segment, GST_FORMAT_TIME, buffer.pointee.pts)
        return Int64(exactly: time).map { StreamTime(nanoseconds: $0) }
    }

    /// Takes everything off the bus; remembers the first error and the first missing plugin.
    private func readBus() {
        while let message = gst_bus_pop(bus) {
            defer { gst_message_unref(message) }
            switch message.pointee.type {
            case GST_MESSAGE_ERROR: fault = fault ?? StreamFault(message)
            case GST_MESSAGE_ELEMENT: missing = missing ?? StreamFault.MissingPlugin(message)
            default: break
            }
        }
    }
}

/// Counts the changes of a source's pictures, across its reconnects.
struct ShapeHistory {
    private(set) var current: PictureShape?
    private(set) var generation = 0

    mutating func note(_ shape: PictureShape) {
        if let current, current != shape { generation += 1 }
        current = shape
    }
}
