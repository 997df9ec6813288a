package import Foundation

/// A sortable identifier: 48 bits of milliseconds, 80 random bits, written as 26 letters of Crockford's base 32.
package struct ULID: Sendable, Hashable, Comparable, CustomStringConvertible {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private let bits: UInt128

    fileprivate init(bits: UInt128) {
        self.bits = bits
    }

    package var description: String {
        String(
            decoding: (0..<26).map { Self.alphabet[Int(truncatingIfNeeded: bits >> (125 - 5 * UInt128($0))) & 31] },
            as: UTF8.self)
    }

    package static func < (a: ULID, b: ULID) -> Bool { a.bits < b.bits }

    /// Makes identifiers that only grow, also within a millisecond and when the wall clock steps back.
    package struct Generator: Sendable {
        private var last: UInt128 = 0

        package init() {}

        package mutating func next(at date: Date = Date()) -> ULID {
            var random = SystemRandomNumberGenerator()
            return next(at: date, using: &random)
        }

        package mutating func next(at date: Date, using random: inout some RandomNumberGenerator) -> ULID {
            let milliseconds = UInt128(min(max(0, date.timeIntervalSince1970 * 1000), 0x1p48 - 1))
            let entropy = UInt128(random.next()) << 16 | UInt128(UInt16.random(in: 0...UInt16.max, using: &random))
            last = milliseconds > last >> 80 ? milliseconds << 80 | entropy : last + 1
            return ULID(bits: last)
        }
    }
}
