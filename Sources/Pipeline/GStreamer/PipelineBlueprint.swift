import CGStreamer

/// Puts the elements of a pipeline together for one kind of source.
struct PipelineBlueprint {
    let pipeline: Element
    let location: SourceLocation
    let name: String
    let options: SourceOptions

    /// Elements that a source of this kind cannot do without.
    static func elements(for location: SourceLocation) -> [String] {
        let common = ["videoconvert", "appsink"]
        switch location {
        case .file: return ["filesrc", "decodebin", "videoflip"] + common
        case .network(let place):
            return (place.isRTSP ? ["rtspsrc", "decodebin"] : ["souphttpsrc", "decodebin"]) + common
        case .device: return ["v4l2src", "decodebin"] + common
        case .test: return ["videotestsrc", "capsfilter"] + common
        }
    }

    /// Adds and links everything; nothing runs yet.
    func build(transport: RTSPTransport) throws(PipelineError) -> (UnsafeMutablePointer<GstAppSink>, StreamObserver) {
        let convert = try make("videoconvert")
        let sink = try buildTail(after: convert)
        let observer = StreamObserver(
            location: location, name: name, options: options, pipeline: pipeline, video: convert)
        observer.watchElements()
        switch location {
        case .file(let path):
            let source = try make("filesrc")
            source.set("location", path)
            try source.link(to: try decoder(observer), source: name)
        case .network(let place) where place.isRTSP:
            let session = try make("rtspsrc")
            set(session, place: place, transport: transport)
            observer.watchSession(session, decoder: try decoder(observer))
        case .network(let place):
            let source = try make("souphttpsrc")
            // Live, so that the pictures of a camera without timestamps get the time at which they came.
            source.set("is-live", true)
            source.set("do-timestamp", true)
            source.set("location", place.uri)
            if let credentials = place.credentials {
                source.set("user-id", credentials.user)
                source.set("user-pw", credentials.password)
                // A redirect could ask for them from another host.
                source.set("automatic-redirect", false)
            }
            try source.link(to: try decoder(observer), source: name)
        case .device(let path):
            let source = try make("v4l2src")
            source.set("device", path)
            try source.link(to: try decoder(observer), source: name)
        case .test(let picture):
            let source = try make("videotestsrc")
            source.set("pattern", nickname: picture.pattern)
            source.set("is-live", picture.frames == nil)
            source.set("num-buffers", picture.frames ?? -1)
            let format = try make("capsfilter")
            format.set(
                caps:
                    "video/x-raw,format=I420,width=\(picture.width),height=\(picture.height),framerate=\(picture.rate)/1"
            )
            try source.link(to: format, source: name)
            try format.link(to: convert, source: name)
        }
        return (UnsafeMutableRawPointer(sink.pointer).assumingMemoryBound(to: GstAppSink.self), observer)
    }

    private func make(_ factory: String) throws(PipelineError) -> Element {
        try Element(factory, in: pipeline.pointer, source: name)
    }

    private func decoder(_ observer: StreamObserver) throws(PipelineError) -> Element {
        let decoder = try make("decodebin")
        observer.watchDecoder(decoder)
        return decoder
    }

    /// From the converter, which passes on untouched what the model's preprocessing reads, to the sink.
    private func buildTail(after convert: Element) throws(PipelineError) -> Element {
        let sink = try make("appsink")
        sink.set(caps: "video/x-raw,format={I420,NV12,RGB}")
        // A web stream comes in bursts and is held to its own pace; a camera keeps it, a file needs none.
        sink.set("sync", isWeb)
        sink.set("max-buffers", 4)
        sink.set("drop", location.isLive)
        sink.set("enable-last-sample", false)
        guard case .file = location else {
            try convert.link(to: sink, source: name)
            return sink
        }
        // Turns a telephone's recording upright by its orientation tag; without one it does not touch the frames.
        let upright = try make("videoflip")
        upright.set("video-direction", nickname: "auto")
        try convert.link(to: upright, source: name)
        try upright.link(to: sink, source: name)
        return sink
    }

    private var isWeb: Bool {
        if case .network(let place) = location { return !place.isRTSP }
        return false
    }

    private func set(_ session: Element, place: NetworkLocation, transport: RTSPTransport) {
        session.set("location", place.uri)
        if let credentials = place.credentials {
            session.set("user-id", credentials.user)
            session.set("user-pw", credentials.password)
        }
        session.set("protocols", transport.protocols)
        session.set("latency", Int(options.latency.wholeNanoseconds / 1_000_000))
        session.set("tcp-timeout", options.limits.opening, in: .microseconds(1))
        session.set("timeout", options.limits.opening, in: .microseconds(1))
        if !options.verifiesCertificate { session.set("tls-validation-flags", 0) }
    }
}
