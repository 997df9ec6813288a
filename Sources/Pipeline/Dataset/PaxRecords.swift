/// The records of a pax header that matter here: `LENGTH KEY=VALUE` lines.
struct PaxRecords: Equatable {
    /// The member's name, if it stands here.
    private(set) var path: [UInt8]?
    private(set) var byteCount: Int?
    /// Whether the member's data leaves out its holes.
    private(set) var isSparse = false
    /// Why the records cannot be trusted; the member they belong to is refused.
    private(set) var fault: String?

    /// For a header that is refused as a whole.
    init(fault: String) { self.fault = fault }

    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 0x20), space - rest.startIndex <= 8,
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1, length <= rest.count,
                rest[rest.startIndex + length - 1] == UInt8(ascii: "\n")
            else {
                // A header may be padded with NULs.
                if !rest.allSatisfy({ $0 == 0 }) { fault = "a malformed pax header" }
                return
            }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else {
                fault = "a malformed pax header"
                return
            }
            take(String(decoding: record[..<equals], as: UTF8.self), Array(record[(equals + 1)...]))
        }
    }

    private mutating func take(_ key: String, _ value: [UInt8]) {
        switch key {
        case "path", "GNU.sparse.name": path = value
        case "size":
            guard let size = Int(String(decoding: value, as: UTF8.self)), size >= 0 else {
                fault = "a pax header with an impossible size"
                return
            }
            byteCount = size
        default: break
        }
        if key.hasPrefix("GNU.sparse.") { isSparse = true }
    }
}
