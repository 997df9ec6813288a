import CGStreamer

extension StreamFault {
    /// Reads an error message; nil for any other.
    init?(_ message: UnsafeMutablePointer<GstMessage>) {
        var error: UnsafeMutablePointer<GError>?
        var debug: UnsafeMutablePointer<gchar>?
        gst_message_parse_error(message, &error, &debug)
        defer {
            g_clear_error(&error)
            g_free(debug)
        }
        guard let error else { return nil }
        let domain = g_quark_to_string(error.pointee.domain).map { String(cString: $0) } ?? ""
        self.init(
            domain: Domain(rawValue: domain), code: Int(error.pointee.code),
            message: error.pointee.message.map { String(cString: $0) } ?? "",
            debug: debug.map { String(cString: $0) } ?? "")
    }
}

extension StreamFault.MissingPlugin {
    /// Reads the `missing-plugin` message of GStreamer's plugin utilities, whose `detail` is an element's name or caps; nil for any
    /// other.
    init?(_ message: UnsafeMutablePointer<GstMessage>) {
        guard let structure = gst_message_get_structure(message),
            gst_structure_has_name(structure, "missing-plugin") != 0,
            let kind = gst_structure_get_string(structure, "type").map({ String(cString: $0) })
        else { return nil }
        if let element = gst_structure_get_string(structure, "detail") {
            self.init(kind: kind, detail: String(cString: element))
            return
        }
        var caps: UnsafeMutablePointer<GstCaps>?
        guard let value = gst_structure_get_value(structure, "detail"), let found = gst_value_get_caps(value) else {
            return nil
        }
        caps = UnsafeMutablePointer(mutating: found)
        self.init(kind: kind, detail: caps.map { StreamCaps($0).name } ?? "")
    }
}
