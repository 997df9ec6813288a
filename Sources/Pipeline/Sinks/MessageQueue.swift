/// The messages that wait for one sink. When there are more than `capacity`, what matters least goes first:
///
/// 1. the oldest scores;
/// 2. the oldest state of a camera that a later one replaces;
/// 3. the oldest `update`;
/// 4. the oldest action whose `new` still waits, as a whole: nobody has heard of it.
///
/// What is left are the ends of actions that the sink knows and each camera's latest state. They always stay, so the
/// queue can outgrow `capacity` by the number of open actions and cameras, and no further.
package struct MessageQueue: Sendable {
    private struct Entry {
        let message: SinkMessage
        let since: ContinuousClock.Instant
    }

    private let capacity: Int
    private var entries: [Entry] = []
    /// Actions given up before their `end` had come.
    private var forgotten: Set<String> = []

    package init(capacity: Int) {
        self.capacity = capacity
    }

    package var count: Int { entries.count }

    /// Returns how many messages were given up for it, itself included.
    package mutating func push(_ message: SinkMessage) -> Int {
        if case .event(let event) = message, forgotten.contains(event.id) {
            if event.type == .end { forgotten.remove(event.id) }
            return 1
        }
        entries.append(Entry(message: message, since: .now))
        return entries.count > capacity ? makeRoom() : 0
    }

    /// The oldest message, and since when it has waited.
    package mutating func pop() -> (message: SinkMessage, since: ContinuousClock.Instant)? {
        guard !entries.isEmpty else { return nil }
        let entry = entries.removeFirst()
        return (entry.message, entry.since)
    }

    private mutating func makeRoom() -> Int {
        if let index = entries.firstIndex(where: \.message.isScores) ?? supersededState() ?? oldest(.update) {
            entries.remove(at: index)
            return 1
        }
        guard let index = oldest(.new), case .event(let new) = entries[index].message else { return 0 }
        let before = entries.count
        var isEnded = false
        entries.removeAll { entry in
            guard case .event(let event) = entry.message, event.id == new.id else { return false }
            isEnded = isEnded || event.type == .end
            return true
        }
        if !isEnded { forgotten.insert(new.id) }
        return before - entries.count
    }

    private func oldest(_ kind: ActionEvent.Kind) -> Int? {
        entries.firstIndex { if case .event(let event) = $0.message { event.type == kind } else { false } }
    }

    private func supersededState() -> Int? {
        var later: Set<String> = []
        var oldest: Int?
        for index in entries.indices.reversed() {
            guard case .camera(let name, _, _) = entries[index].message else { continue }
            if !later.insert(name).inserted { oldest = index }
        }
        return oldest
    }
}

extension SinkMessage {
    fileprivate var isScores: Bool { if case .scores = self { true } else { false } }
}
