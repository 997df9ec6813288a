import Foundation

/// A line of a run's log.
enum RunRecord: Sendable, Equatable {
    struct Update: Sendable, Equatable, Codable {
        var epoch: Int
        /// Within the epoch, counted from 0; skipped ones count too.
        var update: Int
        /// Mean over the batches of the update.
        var loss: Double
        /// Part of the clips whose likeliest class is the target's largest.
        var accuracy: Double
        var rate: Double
        /// Of the gradients, before clipping.
        var norm: Double
        var clips: Int
        var seconds: Double
        /// Of these, waiting for clips.
        var waited: Double
    }

    struct Epoch: Sendable, Equatable, Codable {
        var epoch: Int
        var loss: Double
        var accuracy: Double
        var clipsPerSecond: Double
        /// Seconds of the run so far.
        var seconds: Double
        var top1: Double?
        var top5: Double?
        /// Validation clips that could not be read and count as wrong; nil for none.
        var validationUnreadable: Int?
        var isBest: Bool
    }

    struct Skipped: Sendable, Equatable, Codable {
        var epoch: Int
        var update: Int
        var reason: String
        var clips: [String]
    }

    struct Unreadable: Sendable, Equatable, Codable {
        var clip: String
        var kind: String
        var reason: String
        /// Nil for a clip of the training.
        var isValidation: Bool?
    }

    struct Begin: Sendable, Equatable, Codable {
        var version: String
        var clips: Int
        var classes: Int
        var prompts: Int
        var updatesPerEpoch: Int
        var workers: Int
    }

    case begin(Begin)
    case update(Update)
    case epoch(Epoch)
    case skipped(Skipped)
    case unreadable(Unreadable)

    /// One line of JSON, `type` first.
    func line() throws -> String {
        func text(_ type: String, _ value: some Encodable) throws -> String {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let body = String(decoding: try encoder.encode(value), as: UTF8.self)
            return "{\"type\":\"\(type)\",\(body.dropFirst())\n"
        }
        switch self {
        case .begin(let value): return try text("begin", value)
        case .update(let value): return try text("update", value)
        case .epoch(let value): return try text("epoch", value)
        case .skipped(let value): return try text("skipped", value)
        case .unreadable(let value): return try text("unreadable", value)
        }
    }

    /// Nil for a line that no log of this version has.
    init?(line: String) {
        struct Kind: Decodable { var type: String }
        let data = Data(line.utf8)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        func read<Value: Decodable>() -> Value? { try? decoder.decode(Value.self, from: data) }
        guard let kind: Kind = read() else { return nil }
        let record: RunRecord? =
            switch kind.type {
            case "begin": read().map { .begin($0) }
            case "update": read().map { .update($0) }
            case "epoch": read().map { .epoch($0) }
            case "skipped": read().map { .skipped($0) }
            case "unreadable": read().map { .unreadable($0) }
            default: nil
            }
        guard let record else { return nil }
        self = record
    }
}
