import Pipeline

/// Which events the broker has yet to confirm, in their order.
///
/// An event stays from the moment it is handed over until the broker's PUBACK, across lost connections and across a caller
/// that stops waiting: when the same event is handed over again, it joins the entry (or the confirmation) that exists.
struct DeliveryLedger {
    /// Tells one message of one event from every other.
    struct Key: Hashable, Sendable {
        let id: String
        let seq: UInt64

        init(_ event: ActionEvent) {
            id = event.id
            seq = event.seq
        }
    }

    struct Entry: Equatable {
        let key: Key
        fileprivate(set) var publication: Publication
        /// The client library's number while the message is under way on the present connection.
        fileprivate(set) var messageID: Int32?
    }

    enum Admission: Equatable {
        /// New: to be sent if there is a connection.
        case added
        /// Already waiting or under way.
        case joined
        /// Confirmed after its caller had gone.
        case alreadyConfirmed
        case full
    }

    let capacity: Int
    private(set) var entries: [Entry] = []
    /// Confirmations that nobody waited for, oldest first.
    private var unclaimed: [Key] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func admit(_ key: Key, _ publication: Publication) -> Admission {
        if let index = unclaimed.firstIndex(of: key) {
            unclaimed.remove(at: index)
            return .alreadyConfirmed
        }
        if let index = entries.firstIndex(where: { $0.key == key }) {
            // It says by now that it is late.
            if entries[index].messageID == nil { entries[index].publication = publication }
            return .joined
        }
        guard entries.count < capacity else { return .full }
        entries.append(Entry(key: key, publication: publication, messageID: nil))
        return .added
    }

    mutating func sent(_ key: Key, as messageID: Int32) {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return }
        entries[index].messageID = messageID
    }

    /// The event that the broker answered, which leaves the ledger; nil if the answer is to something else.
    mutating func answered(_ messageID: Int32) -> Entry? {
        guard let index = entries.firstIndex(where: { $0.messageID == messageID }) else { return nil }
        return entries.remove(at: index)
    }

    /// Takes back an event that cannot be sent at all.
    mutating func drop(_ key: Key) {
        entries.removeAll { $0.key == key }
    }

    /// Keeps a confirmation for a caller that may come back.
    mutating func keepConfirmation(of key: Key) {
        unclaimed.append(key)
        if unclaimed.count > 1000 { unclaimed.removeFirst() }
    }

    /// Nothing is under way any more; everything waits to be sent on the next connection.
    mutating func connectionLost() {
        for index in entries.indices { entries[index].messageID = nil }
    }
}
