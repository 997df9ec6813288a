import CGStreamer

/// Writes pictures into an MP4 file as H.264. Used by one thread.
final class VideoFileWriter {
    /// What the pictures have in common.
    struct Format {
        /// Pixels; a multiple of four, so that rows follow each other without a gap.
        var width: Int
        var height: Int
        var framesPerSecond: Int
    }

    private let path: String
    private let format: Format
    private let pipeline: UnsafeMutablePointer<GstElement>
    private let bus: UnsafeMutablePointer<GstBus>
    private let source: UnsafeMutablePointer<GstAppSrc>
    private var frames = 0

    private static let keyFrameInterval = 15
    private static let encoders = ["x264enc", "openh264enc"]
    /// Far longer than any encoder takes.
    private static let patience: GstClockTime = 60_000_000_000

    /// The encoder that this GStreamer has, the better one first. Throws `PipelineError.missingElement` naming the packages.
    static func encoder() throws(PipelineError) -> String {
        try GStreamerRuntime.require(["appsrc", "videoconvert", "h264parse", "mp4mux", "filesink"], source: "H.264")
        for name in encoders {
            guard let factory = gst_element_factory_find(name) else { continue }
            gst_object_unref(UnsafeMutableRawPointer(factory))
            return name
        }
        throw .missingElement(
            source: "H.264", element: encoders.joined(separator: " or "),
            package: encoders.compactMap(DebianPackage.ofElement).joined(separator: " or "))
    }

    /// - Precondition: a width that is a multiple of four.
    /// - Throws: `PipelineError` if GStreamer lacks something or the file cannot be made.
    init(_ path: String, format: Format) throws(PipelineError) {
        precondition(format.width.isMultiple(of: 4), "rows of \(format.width) pixels")
        let encoder = try Self.encoder()
        guard let pipeline = gst_pipeline_new(nil), let bus = gst_element_get_bus(pipeline) else {
            throw .unwritable(file: path, reason: "GStreamer made no pipeline")
        }
        do throws(PipelineError) {
            let elements = try Self.chain(path, encoder: encoder, in: pipeline)
            elements[0].set(
                caps: "video/x-raw,format=RGB,width=\(format.width),height=\(format.height),"
                    + "framerate=\(format.framesPerSecond)/1")
            source = UnsafeMutableRawPointer(elements[0].pointer).assumingMemoryBound(to: GstAppSrc.self)
        } catch {
            gst_object_unref(bus)
            gst_object_unref(pipeline)
            throw error
        }
        self.path = path
        self.format = format
        self.pipeline = pipeline
        self.bus = bus
        if gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE { throw fault() }
    }

    deinit {
        gst_element_set_state(pipeline, GST_STATE_NULL)
        gst_object_unref(bus)
        gst_object_unref(pipeline)
    }

    private static func chain(
        _ path: String, encoder name: String, in pipeline: UnsafeMutablePointer<GstElement>
    ) throws(PipelineError) -> [Element] {
        var elements: [Element] = []
        for factory in ["appsrc", "videoconvert", "capsfilter", name, "h264parse", "mp4mux", "filesink"] {
            elements.append(try Element(factory, in: pipeline, source: path))
        }
        for (element, next) in zip(elements, elements.dropFirst()) { try element.link(to: next, source: path) }
        elements[0].set("format", nickname: "time")
        // x264 would take colours at full resolution too, which few players and no hardware decode.
        elements[2].set(caps: "video/x-raw,format=I420")
        // Pictures wait in memory, so that a failed encoder cannot hold up whoever brings them.
        elements[0].set("max-bytes", .zero, in: .nanoseconds(1))
        if name == "x264enc" {
            elements[3].set("pass", nickname: "qual")
            elements[3].set("quantizer", 26)
            elements[3].set("key-int-max", keyFrameInterval)
            elements[3].set("bframes", 3)
            elements[3].set("threads", 1)
            // With AVX-512 it reads memory that nothing was written to: small pictures come out otherwise each time.
            elements[3].set("mb-tree", 0)
        } else {
            elements[3].set("rate-control", nickname: "quality")
            elements[3].set("bitrate", 256_000)
            elements[3].set("gop-size", keyFrameInterval)
            elements[3].set("multi-thread", 1)
        }
        elements[6].set("location", path)
        return elements
    }

    /// Takes the next picture.
    /// - Parameter picture: (height, width, 3) of red, green and blue.
    func append(_ picture: [UInt8]) throws(PipelineError) {
        precondition(picture.count == format.width * format.height * 3, "\(picture.count) values for a picture")
        guard let buffer = gst_buffer_new_allocate(nil, gsize(picture.count), nil) else {
            throw .unwritable(file: path, reason: "GStreamer has no memory for a picture")
        }
        _ = picture.withUnsafeBytes { gst_buffer_fill(buffer, 0, $0.baseAddress, gsize($0.count)) }
        let (begin, end) = (time(of: frames), time(of: frames + 1))
        buffer.pointee.pts = begin
        buffer.pointee.duration = end - begin
        frames += 1
        guard gst_app_src_push_buffer(source, buffer) == GST_FLOW_OK else { throw fault() }
    }

    private func time(of frame: Int) -> GstClockTime {
        GstClockTime(frame * 1_000_000_000 / format.framesPerSecond)
    }

    /// Completes the file; nothing may follow.
    func finish() throws(PipelineError) {
        gst_app_src_end_of_stream(source)
        let ends = GstMessageType(rawValue: GST_MESSAGE_EOS.rawValue | GST_MESSAGE_ERROR.rawValue)
        guard let message = gst_bus_timed_pop_filtered(bus, Self.patience, ends) else {
            throw .unwritable(file: path, reason: "the encoder does not come to an end")
        }
        defer { gst_message_unref(message) }
        if message.pointee.type == GST_MESSAGE_ERROR { throw error(from: message) }
    }

    private func fault() -> PipelineError {
        guard let message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR) else {
            return .unwritable(file: path, reason: "cannot be encoded")
        }
        defer { gst_message_unref(message) }
        return error(from: message)
    }

    private func error(from message: UnsafeMutablePointer<GstMessage>) -> PipelineError {
        guard let fault = StreamFault(message) else { return .unwritable(file: path, reason: "cannot be encoded") }
        let error = fault.error(source: path, isFile: true, missing: nil)
        // All that it reads are pictures in memory: what is wrong is the file.
        guard case .unreadable(_, let reason) = error else { return error }
        return .unwritable(file: path, reason: reason)
    }
}
