import Recognizer

/// Reads a text through `Tokenizer.bytes` and writes its tokens back as words: what is left after clean-up, and where it is
/// cut. The start and the end token come out as `[start]` and `[end]`.
func byteWords(_ text: String) -> [String] {
    let visible = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
    let order = visible + (0...255).filter { !visible.contains($0) }
    var words: [String] = []
    var bytes: [UInt8] = []
    for id in Tokenizer.bytes.encode(text).map(Int.init) {
        switch id {
        case 512: words.append("[start]")
        case 513: words.append("[end]")
        default:
            bytes.append(UInt8(order[id % 256]))
            if id >= 256 {
                words.append(String(decoding: bytes, as: UTF8.self))
                bytes = []
            }
        }
    }
    return words
}
