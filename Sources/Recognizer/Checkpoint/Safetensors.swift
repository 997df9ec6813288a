/// The safetensors container: eight bytes of header length, a JSON header, then the tensors without gaps.
enum Safetensors {
    static let headerLimit = 100_000_000
    static let tensorLimit = 100_000

    /// Reads the header and views every tensor in place. Nothing is allocated in proportion to what the header claims.
    static func read(_ owner: any ByteOwner, path: String) throws(RecognizerError) -> StateDict {
        let header = try headerRange(owner.bytes, path: path)
        let limits = JSONParser.Limits(depth: 4, values: 16 * tensorLimit)
        let document = try JSONParser.parse(
            UnsafeRawBufferPointer(rebasing: owner.bytes[header]), path: path, limits: limits)
        guard var entries = document.object else {
            throw .malformed(path: path, reason: "the header is no JSON object")
        }
        var state = StateDict(tensors: [:])
        if let metadata = entries.removeValue(forKey: "__metadata__") {
            state.metadata = try strings(metadata, path: path)
        }
        guard entries.count <= tensorLimit else {
            throw .malformed(path: path, reason: "\(entries.count) tensors, at most \(tensorLimit) are read")
        }
        state.tensors.reserveCapacity(entries.count)
        for (name, entry) in entries {
            state.tensors[name] = try tensor(name, entry, owner: owner, dataStart: header.upperBound, path: path)
        }
        try checkCoverage(state, dataStart: header.upperBound, path: path, end: owner.bytes.count)
        return state
    }

    /// Where the JSON header lies; the data begin at its end.
    static func headerRange(_ bytes: UnsafeRawBufferPointer, path: String) throws(RecognizerError) -> Range<Int> {
        var cursor = ByteCursor(bytes, path: path)
        let length = try cursor.integer(UInt64.self)
        guard length >= 2, length <= UInt64(headerLimit) else {
            throw .malformed(path: path, reason: "header length \(length), accepted are 2 to \(headerLimit) bytes")
        }
        guard Int(length) <= cursor.remaining else {
            throw .malformed(
                path: path, reason: "header length \(length), but only \(cursor.remaining) bytes follow: truncated")
        }
        return try cursor.take(Int(length))
    }

    private static func strings(_ value: JSONValue, path: String) throws(RecognizerError) -> [String: String] {
        guard let object = value.object else { throw .malformed(path: path, reason: "__metadata__ is no object") }
        var strings: [String: String] = [:]
        for (key, value) in object {
            guard let text = value.string else {
                throw .malformed(path: path, reason: "__metadata__ \"\(key)\" is \(value.kind), accepted is a string")
            }
            strings[key] = text
        }
        return strings
    }

    private static func tensor(
        _ name: String, _ entry: JSONValue, owner: any ByteOwner, dataStart: Int, path: String
    ) throws(RecognizerError) -> StoredTensor {
        func failure(_ reason: String) -> RecognizerError {
            .malformed(path: path, reason: "tensor \"\(name)\": \(reason)")
        }
        guard let fields = entry.object else { throw failure("its entry is \(entry.kind), accepted is an object") }
        for key in fields.keys where !["dtype", "shape", "data_offsets"].contains(key) {
            throw failure("unknown field \"\(key)\"")
        }
        guard let dtype = fields["dtype"]?.string else { throw failure("no dtype") }
        guard let type = ElementType(rawValue: dtype) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("unknown dtype \"\(dtype)\", accepted are \(known)")
        }
        guard let shape = fields["shape"]?.integers else { throw failure("its shape is no list of integers") }
        guard let offsets = fields["data_offsets"]?.integers, offsets.count == 2 else {
            throw failure("data_offsets is no pair of integers")
        }
        guard let count = TensorLayout.byteCount(shape: shape, type: type) else {
            throw failure("shape \(shape) is not a possible size")
        }
        let available = owner.bytes.count - dataStart
        guard offsets[0] >= 0, offsets[0] <= offsets[1] else { throw failure("offsets \(offsets) are reversed") }
        guard offsets[1] <= available else {
            throw failure("ends at data byte \(offsets[1]), the file has \(available): truncated or damaged")
        }
        guard offsets[1] - offsets[0] == count else {
            throw failure(
                "shape \(shape) of \(dtype) needs \(count) bytes, its offsets hold \(offsets[1] - offsets[0])")
        }
        return StoredTensor(
            type: type, shape: shape, owner: owner, range: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    /// Tensors must cover the data without gap or overlap, up to the end of the file.
    private static func checkCoverage(
        _ state: StateDict, dataStart: Int, path: String, end: Int
    ) throws(RecognizerError) {
        let ordered = state.tensors.map { (name: $0.key, range: $0.value.range) }
            .sorted { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
        var expected = dataStart
        for (name, range) in ordered {
            guard range.lowerBound == expected else {
                let fault = range.lowerBound < expected ? "overlaps the tensor before it" : "leaves a hole before it"
                throw .malformed(path: path, reason: "tensor \"\(name)\" \(fault)")
            }
            expected = range.upperBound
        }
        guard expected == end else {
            throw .malformed(path: path, reason: "\(end - expected) bytes at the end belong to no tensor")
        }
    }
}
