/// The one point that every event passes, in order, before any sink sees it.
package protocol EventGate: Sendable {
    /// Takes note of an event; the sinks are told when this returns. May block: it runs on the router's own thread.
    func admit(_ event: ActionEvent) async
}

/// Lets every event pass and keeps nothing.
package struct OpenGate: EventGate {
    package init() {}

    package func admit(_ event: ActionEvent) async {}
}
