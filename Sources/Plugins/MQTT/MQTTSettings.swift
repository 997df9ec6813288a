import Pipeline

/// The plugin's block of the configuration, checked.
struct MQTTSettings: Sendable {
    struct TLS: Sendable, Equatable {
        /// PEM file of the authorities to trust; nil for the system's.
        var authority: String?
        /// PEM files with which the daemon proves who it is.
        var certificate: String?
        var key: String?
        /// Accepts a certificate that is made out for another host.
        var isInsecure = false
    }

    struct Top: Sendable, Equatable {
        var every: Duration
        var count: Int
    }

    let host: String
    let port: Int
    let username: String?
    let password: String?
    let clientID: String
    let base: String
    let keepalive: Duration
    let connectTimeout: Duration
    let tls: TLS?
    /// nil: scores are not published.
    let top: Top?

    init(_ settings: SettingsReader, instance: String) throws {
        host = try settings.text("host") ?? "localhost"
        guard !host.isEmpty, !host.contains("/"), !host.contains("\0") else {
            throw settings.error(
                "host", "expected a host name or address without scheme, found \"\(host.escapedForLog)\"")
        }
        tls = try Self.tls(settings)
        port = try settings.integer("port", in: 1...65535) ?? (tls == nil ? 1883 : 8883)
        username = try settings.text("username")
        password = try settings.text("password")
        if password != nil && username == nil {
            throw settings.error("password", "needs a username beside it")
        }
        clientID = try settings.text("client_id") ?? "claverd-\(instance)"
        guard !clientID.isEmpty, TopicNames.fault(inLevel: clientID) == nil else {
            throw settings.error("client_id", "expected text without /, +, # and control characters")
        }
        base = try settings.text("base") ?? "claverd/\(instance)"
        if let fault = TopicNames.fault(inBase: base) {
            throw settings.error(
                "base",
                "\"\(base.escapedForLog)\" cannot begin a topic: \(fault)"
                    + (settings.has("base") ? "" : "; set base, or another instance name"))
        }
        keepalive = try settings.duration("keepalive", in: .seconds(10)...(.seconds(3600))) ?? .seconds(30)
        connectTimeout = try settings.duration("connect_timeout", in: .seconds(1)...(.seconds(120))) ?? .seconds(10)
        top = try Self.top(settings)
    }

    private static func tls(_ settings: SettingsReader) throws -> TLS? {
        if case .scalar? = settings.node("tls") {
            return try settings.bool("tls") == true ? TLS() : nil
        }
        guard let block = try settings.block("tls", keys: MQTTSink.tlsKeys.map(\.name)) else { return nil }
        let tls = TLS(
            authority: try block.filePath("ca"), certificate: try block.filePath("cert"),
            key: try block.filePath("key"),
            isInsecure: try block.bool("insecure") ?? false)
        guard (tls.certificate == nil) == (tls.key == nil) else {
            throw block.error(tls.key == nil ? "cert" : "key", "cert and key belong together; one of them is missing")
        }
        return tls
    }

    private static func top(_ settings: SettingsReader) throws -> Top? {
        if case .scalar(let text, _, _)? = settings.node("top") {
            guard text == "off" || text == "false" else {
                throw settings.error("top", "expected off or {every: 1s, k: 3}, found \"\(text.escapedForLog)\"")
            }
            return nil
        }
        let block = try settings.block("top", keys: MQTTSink.topKeys.map(\.name))
        return Top(
            every: try block?.duration("every", in: .milliseconds(100)...(.seconds(3600))) ?? .seconds(1),
            count: try block?.integer("k", in: 1...100) ?? 3)
    }
}
