import Foundation
import Pipeline

/// What is to be said to the broker, and when: pure decisions, carried out by `MQTTWorker`.
///
/// Retained topics need no queue: they are said as they change, and all of them again after every connect. Events wait in
/// a ledger of our own rather than in libmosquitto's, because each connection has a fresh library handle: what is
/// un-confirmed is sent again exactly once, behind the retained state, whatever the library or broker kept of it.
struct MQTTSession {
    enum Effect: Equatable {
        case publish(Publication, event: DeliveryLedger.Key?)
        /// Tells whoever waits for the event; nil is success.
        case settle(DeliveryLedger.Key, PluginError?)
        /// The broker refuses to take something that nobody waits for.
        case complain(String)
    }

    private let topics: TopicNames
    private var retained: RetainedState
    private var ledger = DeliveryLedger(capacity: 1000)
    private var isOpen = false
    /// Numbers and topics of confirmed-delivery messages other than events that the broker has not answered.
    private var stateUnderWay: [Int32: String] = [:]

    init(topics: TopicNames, cameras: [SinkContext.Camera]) {
        self.topics = topics
        retained = RetainedState(topics: topics, cameras: cameras)
    }

    /// The message that the broker publishes when the connection dies.
    var will: Publication { .retained(topics.status, "offline") }

    /// Whether everything said has been answered.
    var isSettled: Bool { ledger.entries.isEmpty && stateUnderWay.isEmpty }

    mutating func opened() -> [Effect] {
        isOpen = true
        let state = [.retained(topics.status, "online")] + retained.all
        return state.map { .publish($0, event: nil) }
            + ledger.entries.map { .publish($0.publication, event: $0.key) }
    }

    mutating func closed() {
        isOpen = false
        stateUnderWay = [:]
        ledger.connectionLost()
    }

    /// `payload` is the event as JSON.
    mutating func hand(_ event: ActionEvent, payload: Data) -> [Effect] {
        let key = DeliveryLedger.Key(event)
        let publication = Publication(
            topic: topics.events, payload: payload, quality: .atLeastOnce, isRetained: false)
        var effects: [Effect] = []
        switch ledger.admit(key, publication) {
        case .added:
            if isOpen { effects.append(.publish(publication, event: key)) }
        case .joined: break
        case .alreadyConfirmed: effects.append(.settle(key, nil))
        case .full: return [.settle(key, .tooManyWaiting(limit: ledger.capacity))]
        }
        if let state = retained.note(event), isOpen { effects.append(.publish(state, event: nil)) }
        return effects
    }

    mutating func hand(camera: String, state: CameraState) -> [Effect] {
        guard let publication = retained.note(camera: camera, state: state), isOpen else { return [] }
        return [.publish(publication, event: nil)]
    }

    /// Scores of a window; dropped without a connection.
    func hand(top camera: String, payload: Data) -> [Effect] {
        guard isOpen else { return [] }
        let publication = Publication(
            topic: topics.top(camera: camera), payload: payload, quality: .atMostOnce, isRetained: false)
        return [.publish(publication, event: nil)]
    }

    /// The last word before a clean disconnect.
    func goodbye() -> [Effect] {
        isOpen ? [.publish(.retained(topics.status, "stopped"), event: nil)] : []
    }

    /// The library took a message and will report the broker's answer under `messageID`.
    mutating func sent(_ publication: Publication, event: DeliveryLedger.Key?, as messageID: Int32) {
        if let event {
            ledger.sent(event, as: messageID)
        } else if publication.quality == .atLeastOnce {
            stateUnderWay[messageID] = publication.topic
        }
    }

    /// The library will never be able to send this message.
    mutating func unsendable(_ publication: Publication, event: DeliveryLedger.Key?, reason: String) -> [Effect] {
        let error = PluginError.refusedByBroker(topic: publication.topic, reason: reason)
        guard let event else { return [.complain(error.description)] }
        ledger.drop(event)
        return [.settle(event, error)]
    }

    /// The broker answered. `refusal` is its reason for not taking the message, nil if it did.
    mutating func answered(_ messageID: Int32, refusal: String?) -> [Effect] {
        if let topic = stateUnderWay.removeValue(forKey: messageID) {
            return refusal.map { [.complain(PluginError.refusedByBroker(topic: topic, reason: $0).description)] } ?? []
        }
        guard let entry = ledger.answered(messageID) else { return [] }
        return [
            .settle(entry.key, refusal.map { .refusedByBroker(topic: entry.publication.topic, reason: $0) })
        ]
    }

    /// Nobody was waiting when the event was confirmed.
    mutating func unclaimed(_ key: DeliveryLedger.Key) {
        ledger.keepConfirmation(of: key)
    }
}
