/// A tar archive written header by header, so that every field can be wrong.
package struct TarBytes {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// - Parameter size: of the header; nil: as many bytes as `data` has.
    package mutating func add(
        _ name: [UInt8], type: Character = "0", data: [UInt8] = [], size: [UInt8]? = nil, prefix: String = ""
    ) {
        bytes += Self.header(name, type: type, size: size ?? Self.octal(data.count), prefix: prefix)
        bytes += data + [UInt8](repeating: 0, count: (512 - data.count % 512) % 512)
    }

    package mutating func add(_ name: String, type: Character = "0", data: [UInt8] = [], size: [UInt8]? = nil) {
        add(Array(name.utf8), type: type, data: data, size: size)
    }

    package mutating func add(pax records: [(String, String)], type: Character = "x") {
        let text = records.map { key, value in
            let body = " \(key)=\(value)\n".utf8.count
            var length = body
            while "\(length)".utf8.count + body != length { length = "\(length)".utf8.count + body }
            return "\(length) \(key)=\(value)\n"
        }
        .joined()
        add("PaxHeaders/x", type: type, data: Array(text.utf8))
    }

    package mutating func append(_ more: [UInt8]) { bytes += more }

    package mutating func end() { bytes += [UInt8](repeating: 0, count: 1024) }

    package static func octal(_ value: Int) -> [UInt8] {
        let digits = String(value, radix: 8)
        return Array((String(repeating: "0", count: 11 - digits.count) + digits + " ").utf8)
    }

    package static func header(_ name: [UInt8], type: Character = "0", size: [UInt8], prefix: String = "") -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ value: [UInt8], _ offset: Int) { block.replaceSubrange(offset..<offset + value.count, with: value) }
        put(Array(name.prefix(100)), 0)
        put(Array("0000644\u{0}0000000\u{0}0000000\u{0}".utf8), 100)
        put(size, 124)
        put(Array("00000000000 ".utf8), 136)
        put(Array(repeating: 0x20, count: 8), 148)
        put(Array(String(type).utf8), 156)
        put(Array("ustar\u{0}00".utf8), 257)
        put(Array(prefix.utf8), 345)
        let sum = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        put(Array((String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ").utf8), 148)
        return block
    }
}
