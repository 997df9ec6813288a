/// SHA-256 (FIPS 180-4), for the digests that caches are keyed by: weights, merges, prompts.
///
/// Feed it with `update`, in pieces of any size, then call `finalize` once.
package struct SHA256: Sendable {
    private static let blockBytes = 64

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let roundConstants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    private var state: SIMD8<UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// Bytes that do not fill a block yet.
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

    package init() {
        pending.reserveCapacity(2 * Self.blockBytes)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var rest = bytes
        if !pending.isEmpty {
            let taken = min(Self.blockBytes - pending.count, rest.count)
            pending.append(contentsOf: rest[..<taken])
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            guard pending.count == Self.blockBytes else { return }
            compressPending()
        }
        let whole = rest.count / Self.blockBytes * Self.blockBytes
        compress(UnsafeRawBufferPointer(rebasing: rest[..<whole]))
        pending.append(contentsOf: rest[whole...])
    }

    package mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest, 32 bytes; the hash must not be used any more.
    package mutating func finalize() -> [UInt8] {
        let bits = byteCount &* 8
        pending.append(0x80)
        while pending.count % Self.blockBytes != Self.blockBytes - 8 { pending.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) { pending.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        compressPending()
        return state.indices.flatMap { index in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: state[index] >> $0) }
        }
    }

    /// Bytes as lower-case hexadecimal digits, two per byte.
    package static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private mutating func compressPending() {
        let blocks = pending
        pending.removeAll(keepingCapacity: true)
        blocks.withUnsafeBytes { compress($0) }
    }

    /// - Precondition: whole blocks.
    private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
        guard let base = blocks.baseAddress, !blocks.isEmpty else { return }
        var h = state
        Self.roundConstants.withUnsafeBufferPointer { constants in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
                guard let k = constants.baseAddress, let w = schedule.baseAddress else { return }
                for offset in stride(from: 0, to: blocks.count, by: Self.blockBytes) {
                    Self.expand(base + offset, into: w)
                    h = Self.rounds(h, w, k)
                }
            }
        }
        state = h
    }

    @inline(__always)
    private static func expand(_ block: UnsafeRawPointer, into w: UnsafeMutablePointer<UInt32>) {
        for i in 0..<16 {
            w[i] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self))
        }
        for i in 16..<64 {
            let (near, far) = (w[i &- 2], w[i &- 15])
            let s0 = rotated(far, 7) ^ rotated(far, 18) ^ (far &>> 3)
            let s1 = rotated(near, 17) ^ rotated(near, 19) ^ (near &>> 10)
            w[i] = w[i &- 16] &+ s0 &+ w[i &- 7] &+ s1
        }
    }

    /// The 64 rounds, eight at a time so that the eight words take turns instead of moving.
    @inline(__always)
    private static func rounds(
        _ h: SIMD8<UInt32>, _ w: UnsafeMutablePointer<UInt32>, _ k: UnsafePointer<UInt32>
    ) -> SIMD8<UInt32> {
        var (a, b, c, d) = (h[0], h[1], h[2], h[3])
        var (e, f, g, z) = (h[4], h[5], h[6], h[7])
        var i = 0
        while i < 64 {
            round(a, b, c, &d, e, f, g, &z, w[i] &+ k[i])
            round(z, a, b, &c, d, e, f, &g, w[i &+ 1] &+ k[i &+ 1])
            round(g, z, a, &b, c, d, e, &f, w[i &+ 2] &+ k[i &+ 2])
            round(f, g, z, &a, b, c, d, &e, w[i &+ 3] &+ k[i &+ 3])
            round(e, f, g, &z, a, b, c, &d, w[i &+ 4] &+ k[i &+ 4])
            round(d, e, f, &g, z, a, b, &c, w[i &+ 5] &+ k[i &+ 5])
            round(c, d, e, &f, g, z, a, &b, w[i &+ 6] &+ k[i &+ 6])
            round(b, c, d, &e, f, g, z, &a, w[i &+ 7] &+ k[i &+ 7])
            i &+= 8
        }
        return h &+ [a, b, c, d, e, f, g, z]
    }

    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
        _ h: inout UInt32, _ input: UInt32
    ) {
        let choice = g ^ (e & (f ^ g))
        let majority = (a & b) | (c & (a | b))
        let sum = h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ input
        d = d &+ sum
        h = sum &+ (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
    }

    @inline(__always)
    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 {
        (word &>> count) | (word &<< (32 &- count))
    }
}
