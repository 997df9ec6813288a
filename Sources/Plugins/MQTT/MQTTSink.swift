import Foundation
package import Pipeline
import Synchronization

/// Publishes events and states to an MQTT broker.
///
/// `deliver` of an event returns when the broker has confirmed it. Nothing is lost over a broker's restart: what was not
/// confirmed is sent again, in order, after the retained state.
package final class MQTTSink: EventSink {
    package static let kind = "mqtt"

    package static let keys: [SettingKey] = [
        SettingKey("host", accepts: "a host name or address", standard: "localhost", meaning: "The broker."),
        SettingKey("port", accepts: "1 ... 65535", standard: "1883, with tls 8883", meaning: "The broker's TCP port."),
        SettingKey("username", accepts: "text", standard: "none", meaning: "The user to log in as."),
        SettingKey(
            "password", accepts: "text, best ${credential:NAME}", standard: "none",
            meaning: "The user's password; never printed."),
        SettingKey(
            "client_id", accepts: "text", standard: "claverd-<instance>",
            meaning:
                "Must differ between all clients of a broker: a second one with the same id throws the first one out."),
        SettingKey(
            "base", accepts: "topic levels separated by /", standard: "claverd/<instance>",
            meaning: "What all topics begin with. No level may be empty or contain + or #."),
        SettingKey(
            "keepalive", accepts: "a duration, 10s ... 1h", standard: "30s",
            meaning: """
                A silent broker is given up within one and a half times as long. The broker gives a silent daemon up \
                after this time and publishes its last will.
                """),
        SettingKey(
            "connect_timeout", accepts: "a duration, 1s ... 120s", standard: "10s",
            meaning: "How long an attempt to connect may take, log-in included."),
        SettingKey(
            "tls", accepts: "true, false or a mapping, see below", standard: "false",
            meaning: "Encrypts the connection; true trusts the system's authorities."),
        SettingKey(
            "top", accepts: "off or a mapping, see below", standard: "{every: 1s, k: 3}",
            meaning: "The best scores of every camera on <camera>/top."),
    ]

    /// Keys of the `tls` mapping.
    package static let tlsKeys: [SettingKey] = [
        SettingKey(
            "ca", accepts: "a PEM file", standard: "the system's authorities",
            meaning: "The authorities that may vouch for the broker."),
        SettingKey("cert", accepts: "a PEM file", standard: "none", meaning: "The client certificate; needs key."),
        SettingKey("key", accepts: "a PEM file without pass phrase", standard: "none", meaning: "The key of cert."),
        SettingKey(
            "insecure", accepts: "true or false", standard: "false",
            meaning: "Accepts a broker's certificate made out for another host. The authority is checked all the same."),
    ]

    /// Keys of the `top` mapping.
    package static let topKeys: [SettingKey] = [
        SettingKey(
            "every", accepts: "a duration, 100ms ... 1h", standard: "1s",
            meaning: "At most one message per camera in this time; windows between are left out."),
        SettingKey("k", accepts: "1 ... 100", standard: "3", meaning: "How many labels, best first."),
    ]

    private let settings: MQTTSettings
    private let context: SinkContext
    private let mailbox: MQTTMailbox
    private let finished = Latch()
    private let hasStarted = Atomic(false)
    /// When each camera's scores were last published.
    private let lastTop = Mutex<[String: ContinuousClock.Instant]>([:])

    package init(settings: SettingsReader, context: SinkContext) throws {
        self.settings = try MQTTSettings(settings, instance: context.instance)
        if let fault = TopicNames.fault(in: context.cameras) {
            throw SettingsError(file: settings.file, mark: settings.mark, path: settings.path, reason: fault)
        }
        self.context = context
        mailbox = try MQTTMailbox()
    }

    /// Returns at once, whether or not the broker is there.
    package func start() async throws {
        hasStarted.store(true, ordering: .sequentiallyConsistent)
        let session = MQTTSession(topics: TopicNames(base: settings.base), cameras: context.cameras)
        let thread = Thread { [settings, mailbox, finished, report = context.report] in
            MQTTWorker(settings: settings, session: session, mailbox: mailbox) { level, text in
                report(SinkReport(level: level, sink: Self.kind, text: text))
            }.run()
            finished.open()
        }
        thread.name = "mqtt"
        thread.start()
    }

    /// Returns for an event when the broker has confirmed it, for everything else at once. A cancelled call throws at once
    /// while the event stays on its way; delivering it again then waits for the same confirmation.
    package func deliver(_ message: SinkMessage) async throws {
        switch message {
        case .event(let event):
            try await mailbox.send(event, payload: EventJSON.encode(event))
        case .camera(let name, let state, _):
            mailbox.post(.camera(name, state))
        case .scores(let scores):
            guard let top = settings.top, isDue(scores.camera, every: top.every) else { return }
            var best = scores
            best.top = Array(best.top.prefix(top.count))
            mailbox.post(.top(camera: scores.camera, payload: try EventJSON.encode(best)))
        }
    }

    /// Waits for outstanding confirmations, publishes `stopped` and disconnects. A thread that cannot look up within
    /// `limit` (it waits for a name server) is left to end by itself.
    package func stop(within limit: Duration) async {
        guard hasStarted.load(ordering: .sequentiallyConsistent) else { return mailbox.close() }
        mailbox.post(.stop(deadline: .now + limit))
        await finished.wait(atMost: limit + .milliseconds(200))
        mailbox.close()
    }

    private func isDue(_ camera: String, every: Duration) -> Bool {
        lastTop.withLock { last in
            let now = ContinuousClock.now
            if let before = last[camera], now - before < every { return false }
            last[camera] = now
            return true
        }
    }
}
