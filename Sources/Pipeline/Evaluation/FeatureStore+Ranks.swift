import Foundation
package import Recognizer

extension FeatureStore {
    /// Sends what became of a clip to another rank: one byte that says which, then the features or the failure.
    package func send(_ clip: Int, to rank: Int, of ranks: RankGroup) throws(RankGroupError) {
        var message: [UInt8]
        if case .failed(let failure) = outcomes[clip] {
            message = [1] + ((try? JSONEncoder().encode(failure)) ?? Data())
        } else {
            message = [0]
            features(of: clip).withUnsafeBytes { message.append(contentsOf: $0) }
        }
        let outcome = message.withUnsafeBytes { bytes in
            Result { () throws(RankGroupError) in try ranks.send(bytes, to: rank) }
        }
        try outcome.get()
    }

    /// Keeps what another rank sends about a clip.
    package func receive(_ clip: Int, from rank: Int, of ranks: RankGroup) throws(RankGroupError) {
        let message = try ranks.receive(from: rank)
        if message.first == 1 {
            let failure = try? JSONDecoder().decode(ClipFailure.self, from: Data(message.dropFirst()))
            keep(failure ?? ClipFailure(kind: .undecodable, reason: "rank \(rank) could not say why"), of: clip)
            return
        }
        guard message.count == 1 + views * width * 4 else { throw .failed(operation: "receive", code: message.count) }
        let features = [Float](unsafeUninitializedCapacity: views * width) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: message.dropFirst())
            initialized = views * width
        }
        features.withUnsafeBufferPointer { keep($0, of: clip) }
    }
}
