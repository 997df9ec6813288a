/// How a byte-pair vocabulary writes bytes: each as one visible character, `</w>` behind the last byte of a word.
enum ByteAlphabet {
    /// Bytes that stand for themselves as Latin-1 characters, in order of id; the other 68 follow as U+0100 and up.
    private static let visible: [UInt8] = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    private static let order: [UInt8] = visible + (0...255).filter { !visible.contains($0) }

    /// Token id of a byte inside a word, by byte; at the end of a word it is 256 more.
    static let ids: [Int32] = {
        var ids = [Int32](repeating: 0, count: 256)
        for (id, byte) in order.enumerated() { ids[Int(byte)] = Int32(id) }
        return ids
    }()

    /// Ids of the 512 byte symbols by their name in UTF-8.
    static let symbols: [[UInt8]: Int32] = {
        var symbols: [[UInt8]: Int32] = [:]
        for (id, byte) in order.enumerated() {
            let value = id < visible.count ? UInt32(byte) : UInt32(0x100 + id - visible.count)
            let name = Unicode.Scalar(value).map { Array(String(Character($0)).utf8) } ?? []
            symbols[name] = Int32(id)
            symbols[name + Array("</w>".utf8)] = Int32(id + 256)
        }
        return symbols
    }()
}
