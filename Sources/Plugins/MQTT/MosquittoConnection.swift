import CMosquitto
import Foundation
import Glibc
import Pipeline

/// One connection to a broker, from the attempt to its end, on a library handle of its own.
///
/// Used by one thread only, and without libmosquitto's own thread: that one ends for good after a TLS or protocol error,
/// cannot be stopped while it connects and waits in `select`, which knows no descriptor above 1023. Non-blocking
/// throughout but for the look-up of the host's name.
final class MosquittoConnection {
    /// What happened on the connection, in order.
    enum Incident: Equatable {
        case opened
        /// The broker answered the attempt with a refusal.
        case refused(Refusal)
        /// The broker answered a message; `refusal` is nil if it took it.
        case answered(messageID: Int32, refusal: String?)
        /// The connection, or the attempt, is over.
        case lost(reason: String)
    }

    enum Refusal: Equatable {
        case credentials(String)
        /// The broker does not speak MQTT 5.
        case protocolVersion
        case other(String)
    }

    enum Version {
        case v5, v311
    }

    /// Why a message was not taken.
    enum PublishFailure: Error, Equatable {
        /// The message itself is at fault.
        case unsendable(String)
        case connection(String)
    }

    private let handle: OpaquePointer
    private let notes: Unmanaged<Notes>
    /// True until the TCP connection stands or fails.
    private var isConnecting = true
    private var isOver = false

    /// Begins to connect. Throws a `ConnectFailure` if that fails at once.
    init(_ settings: MQTTSettings, version: Version, onlyIPv4: Bool, will: Publication) throws(ConnectFailure) {
        _ = Self.library
        let notes = Unmanaged.passRetained(Notes())
        guard let handle = mosquitto_new(settings.clientID, true, notes.toOpaque()) else {
            notes.release()
            throw ConnectFailure(reason: "the client could not be made: \(systemErrorText())")
        }
        self.handle = handle
        self.notes = notes
        mosquitto_int_option(
            handle, MOSQ_OPT_PROTOCOL_VERSION, version == .v5 ? Int32(MQTT_PROTOCOL_V5) : Int32(MQTT_PROTOCOL_V311))
        mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1)
        mosquitto_connect_v5_callback_set(handle, noteConnect)
        mosquitto_disconnect_v5_callback_set(handle, noteDisconnect)
        mosquitto_publish_v5_callback_set(handle, notePublish)
        mosquitto_log_callback_set(handle, noteLog)
        if let username = settings.username {
            try Self.check(mosquitto_username_pw_set(handle, username, settings.password), "user name")
        }
        if let tls = settings.tls { try Self.set(tls, on: handle) }
        let willResult = will.payload.withUnsafeBytes {
            mosquitto_will_set(
                handle, will.topic, Int32($0.count), $0.baseAddress, will.quality.rawValue, will.isRetained)
        }
        try Self.check(willResult, "last will")
        // The library pings after a keepalive without traffic and gives up after a second one: two thirds of what is
        // configured, twice, make the 1.5 keepalives that the protocol grants.
        let keepalive = Int32(settings.keepalive.components.seconds * 2 / 3)
        // Binding to an IPv4 address leaves only the host's IPv4 addresses in the running.
        let result = mosquitto_connect_bind_async(
            handle, settings.host, Int32(settings.port), keepalive, onlyIPv4 ? "0.0.0.0" : nil)
        try Self.check(result, "connection", detail: notes.takeUnretainedValue().lastError)
    }

    deinit {
        mosquitto_destroy(handle)
        notes.release()
    }

    /// An attempt that failed before it began.
    struct ConnectFailure: Error, Equatable {
        let reason: String
    }

    /// Hands a message to the library and returns its number.
    func publish(_ publication: Publication) throws(PublishFailure) -> Int32 {
        var messageID: Int32 = 0
        let result = publication.payload.withUnsafeBytes {
            mosquitto_publish(
                handle, &messageID, publication.topic, Int32($0.count), $0.baseAddress, publication.quality.rawValue,
                publication.isRetained)
        }
        switch mosq_err_t(result) {
        case MOSQ_ERR_SUCCESS:
            return messageID
        case MOSQ_ERR_INVAL, MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_OVERSIZE_PACKET,
            MOSQ_ERR_QOS_NOT_SUPPORTED, MOSQ_ERR_RETAIN_NOT_SUPPORTED:
            throw .unsendable(Self.text(result))
        default:
            throw .connection(Self.text(result))
        }
    }

    /// Says goodbye: the broker forgets the last will.
    func disconnect() {
        mosquitto_disconnect(handle)
    }

    /// Waits until there is something to do, `wake` is readable or the time has passed; does it; returns what happened.
    func step(waking wake: Int32, milliseconds: Int32) -> [Incident] {
        let socket = mosquitto_socket(handle)
        guard socket >= 0, !isOver else { return over("the connection was closed") }
        let wantsWrite = isConnecting || mosquitto_want_write(handle)
        var ready = [
            pollfd(fd: socket, events: Int16(POLLIN | (wantsWrite ? POLLOUT : 0)), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&ready, 2, milliseconds)
        let found = Int32(ready[0].revents)
        if isConnecting, found != 0 {
            let failure = socketError(socket)
            if failure != 0 { return over(systemErrorText(failure)) }
            isConnecting = false
        }
        var result = MOSQ_ERR_SUCCESS.status
        // Before the broker's first answer a writable socket may be what the TLS handshake waits for, and the library
        // continues that in its read function.
        if found & (POLLIN | POLLERR | POLLHUP) != 0 || (found & POLLOUT != 0 && !notes.takeUnretainedValue().isOpen) {
            result = mosquitto_loop_read(handle, 1)
        }
        if result == MOSQ_ERR_SUCCESS.status, found & POLLOUT != 0, mosquitto_socket(handle) >= 0 {
            result = mosquitto_loop_write(handle, 1)
        }
        if result == MOSQ_ERR_SUCCESS.status, mosquitto_socket(handle) >= 0 { result = mosquitto_loop_misc(handle) }
        let number = errno
        var incidents = notes.takeUnretainedValue().take()
        if result != MOSQ_ERR_SUCCESS.status || mosquitto_socket(handle) < 0 {
            incidents += over(result == MOSQ_ERR_ERRNO.status ? systemErrorText(number) : Self.text(result))
        } else if found & (POLLERR | POLLHUP) != 0 {
            // A reset in the middle of a TLS handshake goes unnoticed by the library.
            incidents += over("the broker closed the connection")
        }
        return incidents
    }

    /// The end, with the most telling reason there is: the broker's, then TLS's, then `reason`.
    private func over(_ reason: String) -> [Incident] {
        isOver = true
        let known = notes.takeUnretainedValue()
        return [.lost(reason: known.brokerReason ?? known.lastError ?? reason)]
    }

    private func socketError(_ socket: Int32) -> Int32 {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno
    }

    private static func set(_ tls: MQTTSettings.TLS, on handle: OpaquePointer) throws(ConnectFailure) {
        for file in [tls.authority, tls.certificate, tls.key].compactMap({ $0 }) where access(file, R_OK) != 0 {
            throw ConnectFailure(reason: "cannot read \(file.escapedForLog): \(systemErrorText())")
        }
        if tls.authority == nil { mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1) }
        // The folder only satisfies the library's check: with the option above it asks OpenSSL for the system's store.
        let folder: String? = tls.authority == nil ? "/etc/ssl/certs" : nil
        try check(mosquitto_tls_set(handle, tls.authority, folder, tls.certificate, tls.key, refusePassphrase), "TLS")
        try check(mosquitto_tls_insecure_set(handle, tls.isInsecure), "TLS")
    }

    private static func check(_ result: Int32, _ what: String, detail: String? = nil) throws(ConnectFailure) {
        let number = errno
        switch mosq_err_t(result) {
        case MOSQ_ERR_SUCCESS: return
        case MOSQ_ERR_ERRNO: throw ConnectFailure(reason: systemErrorText(number))
        case MOSQ_ERR_EAI:
            throw ConnectFailure(reason: "the host's name is not known (\(String(cString: gai_strerror(number))))")
        default: throw ConnectFailure(reason: detail ?? "\(what): \(text(result))")
        }
    }

    private static func text(_ result: Int32) -> String {
        String(cString: mosquitto_strerror(result))
    }

    /// Set up with the first connection and never torn down: a sink that was given up while it looked up a name may still
    /// be inside the library when the last one ends.
    private static let library: Int32 = mosquitto_lib_init()
}

/// What the library's callbacks report, until the thread that runs them collects it.
private final class Notes {
    private var incidents: [MosquittoConnection.Incident] = []
    var isOpen = false
    /// The latest error that the library logged: the only place where TLS says what is wrong.
    var lastError: String?
    /// Why the broker ended the connection, in MQTT 5.
    var brokerReason: String?

    func add(_ incident: MosquittoConnection.Incident) { incidents.append(incident) }

    func take() -> [MosquittoConnection.Incident] {
        defer { incidents = [] }
        return incidents
    }
}

private func notes(_ context: UnsafeMutableRawPointer?) -> Notes? {
    context.map { Unmanaged<Notes>.fromOpaque($0).takeUnretainedValue() }
}

private func noteConnect(
    _: OpaquePointer?, context: UnsafeMutableRawPointer?, reason: Int32, flags: Int32, properties: OpaquePointer?
) {
    guard let notes = notes(context) else { return }
    switch reason {
    case 0:
        notes.isOpen = true
        notes.add(.opened)
    case 1, Int32(MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION.rawValue):
        notes.add(.refused(.protocolVersion))
    case 4, Int32(MQTT_RC_BAD_USERNAME_OR_PASSWORD.rawValue):
        notes.add(.refused(.credentials("bad user name or password")))
    case 5, Int32(MQTT_RC_NOT_AUTHORIZED.rawValue):
        notes.add(.refused(.credentials("not authorised")))
    default:
        notes.add(.refused(.other(reasonText(reason))))
    }
}

private func noteDisconnect(
    _: OpaquePointer?, context: UnsafeMutableRawPointer?, reason: Int32, properties: OpaquePointer?
) {
    // Below 128 are the library's own results, which its functions return as well.
    guard reason >= 128, let notes = notes(context) else { return }
    notes.brokerReason =
        reason == Int32(MQTT_RC_SESSION_TAKEN_OVER.rawValue)
        ? "another client with the same client_id took the session over" : reasonText(reason)
}

private func notePublish(
    _: OpaquePointer?, context: UnsafeMutableRawPointer?, messageID: Int32, reason: Int32, properties: OpaquePointer?
) {
    notes(context)?.add(.answered(messageID: messageID, refusal: reason >= 128 ? reasonText(reason) : nil))
}

private func noteLog(
    _: OpaquePointer?, context: UnsafeMutableRawPointer?, level: Int32, text: UnsafePointer<CChar>?
) {
    guard level == MOSQ_LOG_ERR, let text, let notes = notes(context) else { return }
    let line = String(cString: text)
    // "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed": the last part is for people.
    notes.lastError = line.hasPrefix("OpenSSL Error") ? "TLS: \(line.split(separator: ":").last ?? "error")" : line
}

/// A key file with a pass phrase fails instead of asking for it on the terminal.
private func refusePassphrase(
    _: UnsafeMutablePointer<CChar>?, size: Int32, writing: Int32, context: UnsafeMutableRawPointer?
) -> Int32 { 0 }

private func reasonText(_ reason: Int32) -> String {
    String(cString: mosquitto_reason_string(reason))
}

extension mosq_err_t {
    fileprivate var status: Int32 { Int32(rawValue) }
    fileprivate init(_ status: Int32) { self = mosq_err_t(rawValue: status) }
}
