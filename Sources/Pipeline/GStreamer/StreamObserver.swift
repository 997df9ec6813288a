import CGStreamer
import Synchronization

/// Follows a pipeline while it puts itself together: links the first video stream, leaves the others undecoded, and refuses what
/// must not be opened.
///
/// GStreamer calls it on threads of its own, before the first frame. `@unchecked Sendable`: the pointers never change and outlive
/// every call, since the elements that call are children of `pipeline`; the rest is behind the lock.
final class StreamObserver: @unchecked Sendable {
    private struct Findings {
        var isVideoLinked = false
        /// Kinds of the streams seen, `audio`, `text`; for messages.
        var kinds: Set<String> = []
        var refusal: PipelineError?
        /// The latest decoder of pictures to join, which is the one that stays.
        var decoder: DecoderChoice.Candidate?
    }

    private let findings = Mutex(Findings())
    private let location: SourceLocation
    private let name: String
    private let options: SourceOptions
    private let pipeline: UnsafeMutablePointer<GstElement>
    private let video: UnsafeMutablePointer<GstElement>
    private let choice: DecoderChoice
    private let filter: PacketFilter?

    /// - Parameter video: the element that takes decoded pictures.
    init(location: SourceLocation, name: String, options: SourceOptions, pipeline: Element, video: Element) {
        self.location = location
        self.name = name
        self.options = options
        self.pipeline = pipeline.pointer
        self.video = video.pointer
        choice = DecoderChoice(options.decoder)
        filter =
            options.decode == .all
            ? nil : PacketFilter(KeyFrameFilter(options.decode, period: options.samplingPeriod))
    }

    /// Why this stream must not be read, once that is known.
    var refusal: PipelineError? { findings.withLock { $0.refusal } }

    /// Whether pictures are decoded by hardware.
    var usesHardware: Bool { findings.withLock { $0.decoder?.isHardware ?? false } }

    private func refuse(_ error: PipelineError) {
        findings.withLock { $0.refusal = $0.refusal ?? error }
    }

    /// Watches every element that joins the pipeline, however deep.
    func watchElements() {
        let added: @convention(c) (gpointer?, gpointer?, UnsafeMutablePointer<GstElement>?, gpointer?) -> Void = {
            _, _, element, context in
            guard let element, let observer = StreamObserver.from(context) else { return }
            observer.prepare(Element(element))
        }
        Element(pipeline).connect("deep-element-added", unsafeBitCast(added, to: GCallback.self), self)
    }

    /// Links decoded video of `decoder` to `video`, and decides what it decodes.
    func watchDecoder(_ decoder: Element) {
        let next: @convention(c) (gpointer?, gpointer?, UnsafeMutablePointer<GstCaps>?, gpointer?) -> gboolean = {
            _, _, caps, context in
            guard let caps, let observer = StreamObserver.from(context) else { return 1 }
            return observer.shouldDecode(caps) ? 1 : 0
        }
        decoder.connect("autoplug-continue", unsafeBitCast(next, to: GCallback.self), self)
        let select:
            @convention(c) (gpointer?, gpointer?, gpointer?, OpaquePointer?, gpointer?) ->
                gint = {
                    _, _, _, factory, context in
                    guard let factory, let observer = StreamObserver.from(context) else { return 0 }
                    let candidate = HardwareDecoders.candidate(factory)
                    // The second generation of adaptive demuxers works inside decodebin3 only. 0 is "try", 2 is "skip".
                    return candidate.name.hasSuffix("demux2") || !observer.choice.admits(candidate) ? 2 : 0
                }
        decoder.connect("autoplug-select", unsafeBitCast(select, to: GCallback.self), self)
        watchPads(of: decoder, to: video, wanted: { $0.name == "video/x-raw" })
    }

    /// Asks an RTSP server for its video alone and links that to `decoder`.
    func watchSession(_ session: Element, decoder: Element) {
        let select: @convention(c) (gpointer?, guint, UnsafeMutablePointer<GstCaps>?, gpointer?) -> gboolean = {
            _, _, caps, context in
            guard let caps, let observer = StreamObserver.from(context) else { return 1 }
            return observer.note(StreamCaps(caps).media) ? 1 : 0
        }
        session.connect("select-stream", unsafeBitCast(select, to: GCallback.self), self)
        watchPads(of: session, to: decoder.pointer, wanted: { $0.media == "video" })
    }

    private func watchPads(
        of element: Element, to target: UnsafeMutablePointer<GstElement>,
        wanted: @escaping @Sendable (StreamCaps) -> Bool
    ) {
        let added: @convention(c) (gpointer?, UnsafeMutablePointer<GstPad>?, gpointer?) -> Void = { _, pad, context in
            guard let pad, let context else { return }
            Unmanaged<PadRoute>.fromOpaque(context).takeUnretainedValue().take(pad)
        }
        let route = PadRoute(observer: self, target: target, wanted: wanted)
        element.connect("pad-added", unsafeBitCast(added, to: GCallback.self), route)
        let complete: @convention(c) (gpointer?, gpointer?) -> Void = { _, context in
            guard let observer = StreamObserver.from(context), let error = observer.noVideo else { return }
            observer.refuse(error)
        }
        element.connect("no-more-pads", unsafeBitCast(complete, to: GCallback.self), self)
    }

    /// Links a new stream to `target` if it is the first wanted, else to nothing that keeps it.
    fileprivate func route(
        _ pad: UnsafeMutablePointer<GstPad>, to target: UnsafeMutablePointer<GstElement>, isWanted: Bool
    ) {
        if isWanted, let entry = gst_element_get_static_pad(target, "sink") {
            defer { gst_object_unref(entry) }
            if gst_pad_is_linked(entry) == 0 {
                guard gst_pad_link(pad, entry) == GST_PAD_LINK_OK else {
                    return refuse(.badCaps(source: name, reason: "the pictures have a form that cannot be converted"))
                }
                if target == video { findings.withLock { $0.isVideoLinked = true } }
                return
            }
        }
        guard let idle = try? Element("fakesink", in: pipeline, source: name) else { return }
        idle.set("sync", false)
        idle.set("async", false)
        idle.set("enable-last-sample", false)
        if let entry = gst_element_get_static_pad(idle.pointer, "sink") {
            gst_pad_link(pad, entry)
            gst_object_unref(entry)
        }
        gst_element_sync_state_with_parent(idle.pointer)
    }

    /// Notes a kind of stream. True for video.
    @discardableResult
    fileprivate func note(_ kind: String) -> Bool {
        findings.withLock { _ = $0.kinds.insert(kind) }
        return kind == "video"
    }

    /// The error of a source all of whose streams are known, and none is video; nil if one is.
    var noVideo: PipelineError? {
        findings.withLock { findings in
            guard !findings.isVideoLinked, !findings.kinds.contains("video") else { return nil }
            let others = findings.kinds.sorted().joined(separator: ", ")
            let reason = others.isEmpty ? "has no video stream" : "has no video stream (\(others) only)"
            return .unreadable(source: name, reason: reason)
        }
    }

    /// Whether decodebin should look into a stream; what it should not is handed out as it is, undecoded.
    private func shouldDecode(_ caps: UnsafeMutablePointer<GstCaps>) -> Bool {
        let stream = StreamCaps(caps)
        if let width = stream.width, let height = stream.height,
            PictureShape.exceedsLimits(width: width, height: height)
        {
            refuse(PictureShape.tooLarge(width: width, height: height, source: name))
            return false
        }
        if case .file = location, StreamCaps.playlists.contains(stream.name) {
            refuse(.unreadable(source: name, reason: "is a playlist, not a video; what it points at is not followed"))
            return false
        }
        return !["audio", "text", "subpicture", "subtitle", "closedcaption"].contains(stream.kind)
    }

    /// Sets up an element that has just joined, before it runs.
    private func prepare(_ element: Element) {
        if element.role.contains("Decoder") { prepare(decoder: element) }
        switch element.factoryName {
        case "multipartdemux":
            // A camera's pictures stay of one kind; without this decodebin waits for more kinds before it shows any.
            element.set("single-stream", true)
        case "souphttpsrc":
            element.set("timeout", max(1, Int(options.limits.opening.inSeconds)))
            element.set("retries", 0)
            element.set("ssl-strict", options.verifiesCertificate)
        default: break
        }
        if let uri = element.sourceURI { checkReference(uri, of: element) }
    }

    private func prepare(decoder: Element) {
        if options.decoderThreads > 0 {
            for property in ["max-threads", "n-threads", "threads"] where decoder.has(property) {
                decoder.set(property, options.decoderThreads)
            }
        }
        guard decoder.role.contains("Video") || decoder.role.contains("Image"),
            let factory = gst_element_get_factory(decoder.pointer)
        else { return }
        findings.withLock { $0.decoder = HardwareDecoders.candidate(factory) }
        filter?.watch(decoder)
    }

    /// A file may not lead to any other place, a web page only to other web pages.
    private func checkReference(_ uri: String, of element: Element) {
        switch location {
        case .file(let path):
            if element.factoryName != "filesrc" {
                refuse(.unreadable(source: name, reason: "\(path) refers to another place, which is not followed"))
            }
        case .network(let start) where !start.isRTSP:
            guard case .network(let reference)? = try? SourceLocation(uri), !reference.isRTSP else {
                return refuse(.sourceRefused(uri: Redaction.uri(uri), reason: "the stream refers to it; not followed"))
            }
            // Only the host that they were given for may ask for them.
            if let credentials = start.credentials, reference.host == start.host {
                element.set("user-id", credentials.user)
                element.set("user-pw", credentials.password)
            }
        case .network, .device, .test: break
        }
    }

    private static func from(_ context: gpointer?) -> StreamObserver? {
        context.map { Unmanaged<StreamObserver>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Where the new pads of one element go. `@unchecked Sendable`: as for `StreamObserver`.
private final class PadRoute: @unchecked Sendable {
    private let observer: StreamObserver
    private let target: UnsafeMutablePointer<GstElement>
    private let wanted: @Sendable (StreamCaps) -> Bool

    init(
        observer: StreamObserver, target: UnsafeMutablePointer<GstElement>,
        wanted: @escaping @Sendable (StreamCaps) -> Bool
    ) {
        self.observer = observer
        self.target = target
        self.wanted = wanted
    }

    func take(_ pad: UnsafeMutablePointer<GstPad>) {
        guard let caps = gst_pad_get_current_caps(pad) ?? gst_pad_query_caps(pad, nil) else { return }
        let stream = StreamCaps(caps)
        gst_caps_unref(caps)
        observer.note(stream.media)
        observer.route(pad, to: target, isWanted: wanted(stream))
    }
}
