package import Foundation

/// The one way in which events and scores become JSON: keys sorted, absent values left out, times by `RFC3339`, scores
/// to four decimals, seconds to three, latency to one.
package enum EventJSON {
    /// One line without a line break.
    package static func encode(_ event: ActionEvent) throws -> Data {
        var event = event
        event.score = event.score.rounded(decimals: 4)
        event.topScore = event.topScore.rounded(decimals: 4)
        event.streamStart = event.streamStart.rounded(decimals: 3)
        event.streamEnd = event.streamEnd?.rounded(decimals: 3)
        event.window = event.window.rounded
        event.latencyMs = event.latencyMs.rounded(decimals: 1)
        return try encoder().encode(event)
    }

    /// One line without a line break.
    package static func encode(_ scores: WindowScores) throws -> Data {
        var scores = scores
        scores.window = scores.window.rounded
        for index in scores.top.indices { scores.top[index].score = scores.top[index].score.rounded(decimals: 4) }
        return try encoder().encode(scores)
    }

    /// Keys that this version does not know are passed over: the schema only grows.
    package static func decode(_ data: Data) throws -> ActionEvent {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = RFC3339.date(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "\"\(text)\" is no time such as 2026-01-31T09:30:00.250Z")
            }
            return date
        }
        return try decoder.decode(ActionEvent.self, from: data)
    }

    private static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(RFC3339.text(date))
        }
        return encoder
    }
}

extension Double {
    fileprivate func rounded(decimals: Int) -> Double {
        let scale = pow(10, Double(decimals))
        return (self * scale).rounded() / scale
    }
}

extension ActionEvent.Window {
    fileprivate var rounded: Self { Self(start: start.rounded(decimals: 3), end: end.rounded(decimals: 3)) }
}
