/// Files of `torch.save` and `torch.jit.save`: a pickle that describes tensors, and their raw storages beside it.
enum TorchFile {
    /// The description of a checkpoint of any size is a few megabytes; more is no checkpoint.
    private static let pickleLimit = 256 << 20

    /// Reads the zip archives written since PyTorch 1.6, TorchScript included.
    static func readArchive(_ owner: any ByteOwner, path: String) throws(RecognizerError) -> StateDict {
        let archive = try ZipArchive(owner.bytes, path: path)
        // Whatever carries weights is stored; a compressed one was packed by something else, or to swell when unpacked.
        for name in archive.compressed.sorted() where !name.contains("/code/") {
            throw .malformed(
                path: path, reason: "zip entry \"\(name)\" is compressed, PyTorch stores weights as they are")
        }
        let roots = archive.entries.keys.filter {
            $0.hasSuffix("/data.pkl") && $0.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1
        }
        guard roots.count == 1, let root = roots.first, let range = archive.entries[root] else {
            throw .malformed(path: path, reason: "a zip archive, but not PyTorch's: \(roots.count) entries */data.pkl")
        }
        let prefix = root.dropLast("data.pkl".count)
        guard range.count <= pickleLimit else {
            throw .malformed(path: path, reason: "data.pkl of \(range.count) bytes, at most \(pickleLimit) are read")
        }
        // A view that begins with the pickle, so that byte numbers in errors are those inside data.pkl.
        let pickle = try PickleReader.read(UnsafeRawBufferPointer(rebasing: owner.bytes[range]), path: path)
        var ranges: [String: Range<Int>] = [:]
        for (name, range) in archive.entries where name.hasPrefix(prefix + "data/") {
            ranges[String(name.dropFirst(prefix.count + 5))] = range
        }
        let order = archive.entries[prefix + "byteorder"].map { String(decoding: owner.bytes[$0], as: UTF8.self) }
        guard [nil, "little", "big"].contains(order) else {
            throw .malformed(
                path: path, reason: "byte order \((order ?? "").debugDescription), accepted are little and big")
        }
        var storages = TorchStorages(owner: owner, path: path, ranges: ranges, isBigEndian: order == "big")
        if archive.entries[prefix + "constants.pkl"] != nil {
            return try TorchScriptModule.state(of: pickle, storages: &storages)
        }
        return try TorchBundle.state(of: pickle, storages: &storages)
    }

    /// The magic number that begins a file written by `torch.save` before 1.6, as a pickle of protocol 2.
    static let legacyMagic: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// Reads the format before 1.6: magic, protocol, system and object pickles, the list of storage keys, then each
    /// storage as its element count and its elements.
    static func readLegacy(_ owner: any ByteOwner, path: String) throws(RecognizerError) -> StateDict {
        let bytes = owner.bytes
        let version = try PickleReader.read(bytes, path: path, at: legacyMagic.count)
        guard version.root.integer == 1001 else {
            throw .malformed(path: path, reason: "protocol of the pre-1.6 format is not 1001")
        }
        let system = try PickleReader.read(bytes, path: path, at: version.end)
        let object = try PickleReader.read(bytes, path: path, at: system.end)
        let keys = try PickleReader.read(bytes, path: path, at: object.end)
        guard case .list(let list) = keys.root else {
            throw .malformed(path: path, reason: "the storage keys are \(keys.root.kind), accepted is a list")
        }
        var types: [String: ElementType] = [:]
        for tensor in object.heap.tensors {
            guard
                types.updateValue(tensor.storage.type, forKey: tensor.storage.key) ?? tensor.storage.type
                    == tensor.storage.type
            else {
                throw .malformed(path: path, reason: "storage \(tensor.storage.key) has two element types")
            }
        }
        var ranges: [String: Range<Int>] = [:]
        var cursor = ByteCursor(bytes, path: path, at: keys.end)
        for value in keys.heap.lists[list] {
            guard let key = value.string, let type = types[key] else {
                throw .malformed(path: path, reason: "a storage key that no tensor mentions")
            }
            let count = try cursor.integer(Int64.self)
            let (byteCount, overflow) = Int(count).multipliedReportingOverflow(by: type.byteCount)
            guard count >= 0, !overflow else {
                throw .malformed(path: path, reason: "storage \(key) claims \(count) elements")
            }
            guard ranges.updateValue(try cursor.take(byteCount), forKey: key) == nil else {
                throw .malformed(path: path, reason: "storage \(key) stands twice")
            }
        }
        guard cursor.remaining == 0 else {
            throw .malformed(path: path, reason: "\(cursor.remaining) bytes behind the last storage")
        }
        var storages = TorchStorages(
            owner: owner, path: path, ranges: ranges, isBigEndian: isBigEndian(system))
        return try TorchBundle.state(of: object, storages: &storages)
    }

    private static func isBigEndian(_ system: Pickle) -> Bool {
        guard case .dictionary(let index) = system.root else { return false }
        return system.heap.dictionaries[index].contains { item in
            guard item.key.string == "little_endian", case .bool(false) = item.value else { return false }
            return true
        }
    }
}
