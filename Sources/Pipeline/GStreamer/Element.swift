import CGStreamer

/// A GStreamer element, made by its factory and set by its properties; borrowed from the bin that owns it.
struct Element {
    let pointer: UnsafeMutablePointer<GstElement>

    /// Makes an element and hands it to `bin`. Throws `PipelineError.missingElement`.
    init(_ factory: String, in bin: UnsafeMutablePointer<GstElement>, source: String) throws(PipelineError) {
        guard let made = gst_element_factory_make(factory, nil) else {
            throw .missingElement(source: source, element: factory, package: DebianPackage.ofElement(factory))
        }
        gst_bin_add(UnsafeMutableRawPointer(bin).assumingMemoryBound(to: GstBin.self), made)
        pointer = made
    }

    init(_ pointer: UnsafeMutablePointer<GstElement>) { self.pointer = pointer }

    /// The name of the factory that made it, `avdec_h264`.
    var factoryName: String {
        guard let factory = gst_element_get_factory(pointer) else { return "" }
        return cgst_factory_name(factory).map { String(cString: $0) } ?? ""
    }

    /// What the factory says it is, `Codec/Decoder/Video`.
    var role: String {
        guard let factory = gst_element_get_factory(pointer) else { return "" }
        return gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS).map { String(cString: $0) } ?? ""
    }

    /// The address that it reads from, if it reads from one.
    var sourceURI: String? {
        guard cgst_is_uri_source(pointer) != 0, let uri = cgst_uri(pointer) else { return nil }
        defer { g_free(uri) }
        return String(cString: uri)
    }

    func has(_ property: String) -> Bool { cgst_has_property(pointer, property) != 0 }

    /// For `gint`, `guint`, enumerations and flags.
    func set(_ property: String, _ value: Int) { cgst_set_int(pointer, property, gint(truncatingIfNeeded: value)) }
    func set(_ property: String, _ value: Bool) { cgst_set_int(pointer, property, value ? 1 : 0) }
    func set(_ property: String, _ value: String) { cgst_set_string(pointer, property, value) }
    /// For `guint64` properties in the unit that `unit` is one of.
    func set(_ property: String, _ value: Duration, in unit: Duration) {
        cgst_set_int64(pointer, property, gint64(value.wholeNanoseconds / unit.wholeNanoseconds))
    }
    /// For enumerations, by the nickname of a value of ours; never for text from outside.
    func set(_ property: String, nickname: String) {
        gst_util_set_object_arg(
            UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: GObject.self), property, nickname)
    }

    /// Sets the caps of a `capsfilter` or `appsink` from a text of ours; never from text from outside.
    func set(caps text: String) {
        let caps = gst_caps_from_string(text)
        cgst_set_pointer(pointer, "caps", caps)
        caps.map { gst_caps_unref($0) }
    }

    /// Links its only source pad to another's only sink pad.
    func link(to next: Element, source: String) throws(PipelineError) {
        guard gst_element_link(pointer, next.pointer) != 0 else {
            throw .badCaps(source: source, reason: "\(factoryName) and \(next.factoryName) have no format in common")
        }
    }

    /// Calls `callback` with `context` at a signal; the context is released when the element goes.
    func connect(_ signal: String, _ callback: GCallback, _ context: some AnyObject) {
        let release: GClosureNotify = { data, _ in
            if let data { Unmanaged<AnyObject>.fromOpaque(data).release() }
        }
        let retained = Unmanaged<AnyObject>.passRetained(context).toOpaque()
        g_signal_connect_data(pointer, signal, callback, retained, release, GConnectFlags(rawValue: 0))
    }
}
