import Foundation
import Recognizer

/// The processes that train together. One that was started alone is rank 0 of one and answers everything by itself.
struct TrainingRanks {
    let group: RankGroup?

    var rank: Int { group?.rank ?? 0 }
    var count: Int { group?.count ?? 1 }
    /// Whether this is the rank that reads and writes the run's folder, and talks.
    var isFirst: Bool { rank == 0 }

    /// A failure that every rank comes to at the same point, so that none waits for another.
    struct Agreed: Error {
        let failure: CommandFailure
    }

    func agreed(_ failure: CommandFailure) -> any Error { group == nil ? failure : Agreed(failure: failure) }

    /// Everybody's values, by rank, on every rank.
    func gathered<Value: Codable>(_ own: Value) throws -> [Value] {
        guard let group else { return [own] }
        return try group.gather(Self.bytes(own)).map { try Self.value($0) }
    }

    /// Rank 0's value, on every rank.
    func fromFirst<Value: Codable>(_ make: () throws -> Value) throws -> Value {
        guard let group else { return try make() }
        return try Self.value(try group.gather(isFirst ? Self.bytes(try make()) : [])[0])
    }

    private static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return Array(try encoder.encode(value))
    }

    private static func value<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(Value.self, from: Data(bytes))
    }
}
