import Foundation
import Glibc
import Pipeline

/// The thread that talks to the broker: connects, keeps connected, carries out what `MQTTSession` decides.
///
/// Made and used on that thread alone. MQTT 5 is tried first, because only there does a broker say that it refuses a
/// message (3.1.1 confirms what its rules then throw away) or that another client took the session; a broker that answers
/// with "unacceptable protocol version" gets 3.1.1 from then on.
final class MQTTWorker {
    /// A connection that held this long was a good one; the waits begin from the shortest again.
    private static let steadyTime = Duration.seconds(10)

    private let settings: MQTTSettings
    private let mailbox: MQTTMailbox
    private let report: (SinkReport.Level, String) -> Void
    private var session: MQTTSession
    private var backoff = ReconnectBackoff(range: .seconds(1)...(.seconds(60)), seed: UInt64.random(in: 0...UInt64.max))
    private var version = MosquittoConnection.Version.v5
    private var connection: MosquittoConnection?
    /// When the present connection was opened; nil while there is none, or only an attempt.
    private var openedAt: ContinuousClock.Instant?
    private var nextAttempt = ContinuousClock.now
    /// When the present attempt is given up.
    private var attemptEnd = ContinuousClock.now
    private var failedAttempts = 0
    private var lastReport: String?
    /// Whether this connection's first refused message has been reported; the others fare alike.
    private var hasComplained = false
    private var stopDeadline: ContinuousClock.Instant?
    private var hasSaidGoodbye = false

    init(
        settings: MQTTSettings, session: MQTTSession, mailbox: MQTTMailbox,
        report: @escaping (SinkReport.Level, String) -> Void
    ) {
        self.settings = settings
        self.session = session
        self.mailbox = mailbox
        self.report = report
    }

    /// Runs until a `stop` command has been carried out.
    func run() {
        // The library writes with `write`: a connection closed under it would otherwise end the process.
        var brokenPipe = sigset_t()
        sigemptyset(&brokenPipe)
        sigaddset(&brokenPipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)

        while !isDone {
            if connection == nil, nextAttempt <= .now { connect() }
            let incidents = wait()
            for incident in incidents { handle(incident) }
            for command in mailbox.take() { carryOut(command) }
            if openedAt == nil, connection != nil, attemptEnd <= .now {
                lose("no answer within \(settings.connectTimeout)")
            }
            sayGoodbyeIfStopping()
        }
        if openedAt != nil, !hasSaidGoodbye { perform(session.goodbye()) }
        connection?.disconnect()
        connection = nil
        mailbox.close()
    }

    /// After `stop`: nothing is left to say or to wait for, or the time is up.
    private var isDone: Bool {
        guard let stopDeadline else { return false }
        if stopDeadline <= .now { return true }
        return openedAt == nil ? session.isSettled : hasSaidGoodbye && session.isSettled
    }

    private func wait() -> [MosquittoConnection.Incident] {
        var until = ContinuousClock.now + .seconds(1)
        if connection == nil { until = max(nextAttempt, .now) }
        if connection != nil, openedAt == nil { until = min(until, attemptEnd) }
        if let stopDeadline { until = min(until, stopDeadline) }
        let milliseconds = Int32(max(0, min(60_000, ((until - .now) / .milliseconds(1)).rounded(.up))))
        if let connection { return connection.step(waking: mailbox.pipe.reading, milliseconds: milliseconds) }
        var ready = pollfd(fd: mailbox.pipe.reading, events: Int16(POLLIN), revents: 0)
        _ = poll(&ready, 1, milliseconds)
        return []
    }

    private func connect() {
        attemptEnd = .now + settings.connectTimeout
        do {
            // The library tries one address of an attempt. Every second attempt is for hosts whose IPv6 address leads
            // nowhere.
            connection = try MosquittoConnection(
                settings, version: version, onlyIPv4: failedAttempts % 2 == 1, will: session.will)
        } catch {
            lose(error.reason)
        }
    }

    private func carryOut(_ command: MQTTMailbox.Command) {
        switch command {
        case .event(let event, let payload): perform(session.hand(event, payload: payload))
        case .camera(let name, let state): perform(session.hand(camera: name, state: state))
        case .top(let camera, let payload): perform(session.hand(top: camera, payload: payload))
        case .stop(let deadline): stopDeadline = deadline
        }
    }

    private func handle(_ incident: MosquittoConnection.Incident) {
        guard connection != nil else { return }
        switch incident {
        case .opened:
            openedAt = .now
            failedAttempts = 0
            tell(.info, "connected to \(broker)")
            perform(session.opened())
        case .refused(.protocolVersion) where version == .v5:
            version = .v311
            drop()
            nextAttempt = .now
        case .refused(.protocolVersion):
            lose("the broker speaks neither MQTT 5 nor 3.1.1")
        case .refused(.credentials(let reason)):
            let user = settings.username.map { "user \"\($0.escapedForLog)\"" } ?? "a client without user name"
            lose("the broker refuses \(user): \(reason)", level: .error)
        case .refused(.other(let reason)):
            lose("the broker refuses the connection: \(reason)")
        case .answered(let messageID, let refusal):
            perform(session.answered(messageID, refusal: refusal))
        case .lost(let reason):
            lose(reason)
        }
    }

    private func perform(_ effects: [MQTTSession.Effect]) {
        for effect in effects {
            switch effect {
            case .publish(let publication, let event): publish(publication, event)
            case .settle(let key, let error):
                if !mailbox.settle(key, error), error == nil { session.unclaimed(key) }
            case .complain(let text):
                if !hasComplained { report(.warning, text) }
                hasComplained = true
            }
        }
    }

    private func publish(_ publication: Publication, _ event: DeliveryLedger.Key?) {
        // A message before this one may have found the connection dead: then all of it waits for the next.
        guard let connection, openedAt != nil else { return }
        do {
            let messageID = try connection.publish(publication)
            session.sent(publication, event: event, as: messageID)
        } catch {
            switch error {
            case .unsendable(let reason):
                perform(session.unsendable(publication, event: event, reason: reason))
            case .connection(let reason):
                lose(reason)
            }
        }
    }

    private func sayGoodbyeIfStopping() {
        guard stopDeadline != nil, openedAt != nil, !hasSaidGoodbye, session.isSettled else { return }
        hasSaidGoodbye = true
        perform(session.goodbye())
    }

    /// Ends the connection or attempt and plans the next one.
    private func lose(_ reason: String, level: SinkReport.Level = .warning) {
        if let openedAt, ContinuousClock.now - openedAt >= Self.steadyTime { backoff.reset() }
        // The attempt with IPv4 alone says nothing new about the broker, and about an IPv6 host something misleading.
        if failedAttempts % 2 == 0 { tell(level, "\(broker): \(reason.escapedForLog); trying again") }
        if openedAt == nil { failedAttempts += 1 }
        drop()
        nextAttempt = .now + backoff.next()
    }

    private func drop() {
        connection = nil
        openedAt = nil
        hasSaidGoodbye = false
        hasComplained = false
        session.closed()
    }

    /// Reports each change once, however often it is tried again.
    private func tell(_ level: SinkReport.Level, _ text: String) {
        guard text != lastReport else { return }
        lastReport = text
        report(level, text)
    }

    private var broker: String {
        "\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(settings.port)"
    }
}
