import Synchronization

/// The packed weights of one tower: those found in a file, and those packed now.
package final class PackedWeights: Sendable {
    /// What the file is for; see `PackedWeightsCache`.
    let key: String
    private let found: [String: PackedBytes]
    private let kept = Mutex<[(name: String, bytes: PackedBytes)]>([])

    init(key: String, found: [String: PackedBytes]) {
        self.key = key
        self.found = found
    }

    /// A layer's packed weights, if they were found and are `count` bytes.
    func bytes(_ name: String, count: Int) -> PackedBytes? {
        guard let bytes = found[name], bytes.count == count else { return nil }
        return bytes
    }

    /// Notes what a layer uses, found or packed.
    func keep(_ name: String, _ bytes: PackedBytes) {
        kept.withLock { $0.append((name, bytes)) }
    }

    /// All layers' weights in the order of their making; nil if all of them were found.
    var toSave: [(name: String, bytes: PackedBytes)]? {
        kept.withLock { kept in
            let isNew = kept.contains { found[$0.name]?.pointer != $0.bytes.pointer }
            return isNew ? kept : nil
        }
    }
}
