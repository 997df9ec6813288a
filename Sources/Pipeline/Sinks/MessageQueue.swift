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
    private let capacity: Int
    private var messages: [SinkMessage] = []
    /// Actions given up before their `end` had come.
    private var forgotten: Set<String> = []

    package init(capacity: Int) {
        self.capacity = capacity
    }

    package var count: Int { messages.count }

    /// Returns how many messages were given up for it, itself included.
    package mutating func push(_ message: SinkMessage) -> Int {
        if case .event(let event) = message, forgotten.contains(event.id) {
            if event.type == .end { forgotten.remove(event.id) }
            return 1
        }
        messages.append(message)
        return messages.count > capacity ? makeRoom() : 0
    }

    package mutating func pop() -> SinkMessage? {
        messages.isEmpty ? nil : messages.removeFirst()
    }

    private mutating func makeRoom() -> Int {
        if let index = messages.firstIndex(where: \.isScores) ?? supersededState() ?? oldest(.update) {
            messages.remove(at: index)
            return 1
        }
        guard let index = oldest(.new), case .event(let new) = messages[index] else { return 0 }
        let before = messages.count
        var isEnded = false
        messages.removeAll { message in
            guard case .event(let event) = message, event.id == new.id else { return false }
            isEnded = isEnded || event.type == .end
            return true
        }
        if !isEnded { forgotten.insert(new.id) }
        return before - messages.count
    }

    private func oldest(_ kind: ActionEvent.Kind) -> Int? {
        messages.firstIndex { if case .event(let event) = $0 { event.type == kind } else { false } }
    }

    private func supersededState() -> Int? {
        var later: Set<String> = []
        var oldest: Int?
        for index in messages.indices.reversed() {
            guard case .camera(let name, _, _) = messages[index] else { continue }
            if !later.insert(name).inserted { oldest = index }
        }
        return oldest
    }
}

extension SinkMessage {
    fileprivate var isScores: Bool { if case .scores = self { true } else { false } }
}
