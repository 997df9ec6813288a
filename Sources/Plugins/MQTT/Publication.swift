import Foundation

/// One message for the broker.
struct Publication: Sendable, Equatable {
    enum Quality: Int32, Sendable {
        /// May be lost.
        case atMostOnce = 0
        /// Repeated until the broker confirms it.
        case atLeastOnce = 1
    }

    let topic: String
    let payload: Data
    let quality: Quality
    let isRetained: Bool

    static func retained(_ topic: String, _ text: String) -> Publication {
        Publication(topic: topic, payload: Data(text.utf8), quality: .atLeastOnce, isRetained: true)
    }
}
