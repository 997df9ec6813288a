import Foundation
import Pipeline
import Testing

@testable import Plugins

@Suite struct MQTTSessionTests {
    private var session = MQTTSession(
        topics: TopicNames(base: "b"), cameras: [.init(name: "lobby", labels: ["waving"])])
    private let first = ActionEvent.example(.new, seq: 1)
    private let second = ActionEvent.example(.end, seq: 2, end: 4)

    private mutating func hand(_ event: ActionEvent) -> [MQTTSession.Effect] {
        session.hand(event, payload: Data("\(event.seq)".utf8))
    }

    /// What is published, as `topic payload`, and what is settled, as `seq`.
    private func words(_ effects: [MQTTSession.Effect]) -> [String] {
        effects.map {
            switch $0 {
            case .publish(let publication, _):
                "\(publication.topic) \(String(decoding: publication.payload, as: UTF8.self))"
            case .settle(let key, let error): "settle \(key.seq) \(error.map { "\($0)" } ?? "ok")"
            case .complain(let text): text
            }
        }
    }

    /// Pretends that the library took each publication, and returns the numbers it gave them.
    private mutating func send(_ effects: [MQTTSession.Effect], from number: Int32) {
        var number = number
        for case .publish(let publication, let event) in effects {
            session.sent(publication, event: event, as: number)
            number += 1
        }
    }

    @Test mutating func sendsStateThenWaitingEventsWhenOpened() {
        #expect(hand(first) == [])
        #expect(hand(second) == [])
        #expect(
            words(session.opened()) == [
                "b/status online", "b/lobby/status connecting", "b/lobby/action/waving/state OFF", "b/events 1",
                "b/events 2",
            ])
    }

    @Test mutating func anEventThatWaitsIsSentAsItWasLastHandedOver() {
        #expect(hand(first) == [])
        #expect(session.hand(first, payload: Data("late".utf8)) == [])
        let effects = session.opened()
        #expect(words(effects).last == "b/events late")
        send(effects, from: 1)
        #expect(hand(first) == [], "it is under way")
    }

    @Test mutating func settlesAnEventWhenItIsAnswered() {
        send(session.opened(), from: 1)
        let effects = hand(first)
        #expect(words(effects) == ["b/events 1", "b/lobby/action/waving/state ON"])
        send(effects, from: 10)
        #expect(session.answered(10, refusal: nil) == [.settle(.init(first), nil)])
        #expect(session.answered(10, refusal: nil) == [])
    }

    @Test mutating func sendsAgainWhatWasNotAnsweredBeforeTheConnectionWentAway() {
        send(session.opened(), from: 1)
        send(hand(first), from: 10)
        send(hand(second), from: 20)
        _ = session.answered(10, refusal: nil)
        session.closed()
        #expect(session.answered(20, refusal: nil) == [])
        #expect(words(session.opened()).filter { $0.hasPrefix("b/events") } == ["b/events 2"])
    }

    @Test mutating func repeatedEventJoinsTheOneUnderWay() {
        send(session.opened(), from: 1)
        send(hand(first), from: 10)
        #expect(hand(first) == [])
        #expect(session.answered(10, refusal: nil) == [.settle(.init(first), nil)])
    }

    @Test mutating func confirmationWaitsForACallerThatComesBack() {
        send(session.opened(), from: 1)
        send(hand(first), from: 10)
        _ = session.answered(10, refusal: nil)
        session.unclaimed(.init(first))
        #expect(hand(first) == [.settle(.init(first), nil)])
    }

    @Test mutating func tellsTheCallerThatTheBrokerRefuses() {
        send(session.opened(), from: 1)
        send(hand(first), from: 10)
        #expect(
            session.answered(10, refusal: "Not authorized") == [
                .settle(.init(first), .refusedByBroker(topic: "b/events", reason: "Not authorized"))
            ])
        #expect(words(session.answered(1, refusal: "Not authorized")).first?.contains("b/status") == true)
    }

    @Test mutating func isSettledOnceEverythingIsAnswered() {
        let effects = session.opened()
        send(effects, from: 1)
        for number in 1...Int32(effects.count) {
            #expect(!session.isSettled)
            _ = session.answered(number, refusal: nil)
        }
        #expect(session.isSettled)
    }

    @Test mutating func takesNoMoreThanItsCapacity() {
        for number in 1...1000 { #expect(hand(.example(.update, seq: UInt64(number))) == []) }
        #expect(words(hand(.example(.update, seq: 1001))).first?.hasPrefix("settle 1001 1000 events wait") == true)
    }

    @Test mutating func scoresWithoutConnectionAreDropped() {
        #expect(session.hand(top: "lobby", payload: Data()) == [])
        _ = session.opened()
        #expect(session.hand(top: "lobby", payload: Data()).count == 1)
    }
}
