import CGStreamer

/// The GStreamer library of this process.
package enum GStreamerRuntime {
    /// Nil, or why GStreamer cannot run. Evaluated once, whichever thread asks first. Plugins are looked up as the
    /// environment says (`GST_PLUGIN_PATH`, `GST_REGISTRY`).
    private static let failure: String? = {
        var error: UnsafeMutablePointer<GError>?
        guard gst_init_check(nil, nil, &error) == 0 else {
            HardwareDecoders.prefer()
            return nil
        }
        defer { g_clear_error(&error) }
        return error.map { String(cString: $0.pointee.message) } ?? "no reason given"
    }()

    /// Makes GStreamer ready. Cheap after the first time.
    package static func start() throws(PipelineError) {
        if let failure { throw .unreadable(source: "GStreamer", reason: "cannot start: \(failure)") }
    }

    /// Throws `PipelineError.missingElement` unless there is an element of each name.
    package static func require(_ elements: [String], source: String) throws(PipelineError) {
        try start()
        for name in elements {
            guard let factory = gst_element_factory_find(name) else {
                throw .missingElement(source: source, element: name, package: DebianPackage.ofElement(name))
            }
            gst_object_unref(UnsafeMutableRawPointer(factory))
        }
    }
}
