/// Which keys each query of a sequence sees.
enum AttentionPattern {
    /// Every key: a frame's own tokens.
    case full
    /// Every key up to the query itself: a text.
    case causal
    /// The Kronecker mask over `frames` of `tokens` each: other frames (KMCT: earlier ones) and the query itself.
    case kronecker(KroneckerMask, frames: Int, tokens: Int)

    /// Some queries of a sequence in a row and the keys that they see. The mask is never a matrix: it is at most two ranges of
    /// keys and each query's own one.
    struct Stretch {
        let queries: Range<Int>
        /// The first range of keys, from 0 on.
        let first: Int
        /// The second; empty where there is none.
        let second: Range<Int>
        /// The key besides that the first query sees; each next one's is the next.
        let own: Int?
        /// The first query's last key of the first range; each next one sees one more. Nil where all see all of the range.
        let causal: Int?
    }

    /// Calls `body` for stretches of at most `rows` queries, in order, which together are all of a sequence.
    @inline(__always)
    func eachStretch(length: Int, rows: Int, _ body: (Stretch) -> Void) {
        switch self {
        case .full:
            Self.divide(0..<length, rows) {
                body(Stretch(queries: $0, first: length, second: length..<length, own: nil, causal: nil))
            }
        case .causal:
            Self.divide(0..<length, rows) {
                let end = $0.upperBound
                body(Stretch(queries: $0, first: end, second: end..<end, own: nil, causal: $0.lowerBound))
            }
        case .kronecker(let mask, let frames, let tokens):
            for frame in 0..<frames {
                let own = frame * tokens..<(frame + 1) * tokens
                let end = mask == .kmt ? frames * tokens : own.upperBound
                Self.divide(own, rows) {
                    body(
                        Stretch(
                            queries: $0, first: own.lowerBound, second: own.upperBound..<end, own: $0.lowerBound,
                            causal: nil))
                }
            }
        }
    }

    @inline(__always)
    private static func divide(_ range: Range<Int>, _ rows: Int, _ body: (Range<Int>) -> Void) {
        for begin in stride(from: range.lowerBound, to: range.upperBound, by: rows) {
            body(begin..<min(begin + rows, range.upperBound))
        }
    }
}
