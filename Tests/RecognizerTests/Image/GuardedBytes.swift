import Foundation

/// A copy of bytes that ends where readable memory ends: reading on is a fault.
final class GuardedBytes {
    let base: UnsafeMutablePointer<UInt8>
    private let mapping: UnsafeMutableRawPointer
    private let byteCount: Int

    init?(_ bytes: [UInt8]) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let readable = (bytes.count + page - 1) / page * page
        byteCount = readable + page
        guard let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            mapped != MAP_FAILED
        else { return nil }
        mapping = mapped
        base = mapping.advanced(by: readable - bytes.count).assumingMemoryBound(to: UInt8.self)
        base.initialize(from: bytes, count: bytes.count)
        guard mprotect(mapping.advanced(by: readable), page, PROT_NONE) == 0 else { return nil }
    }

    deinit { munmap(mapping, byteCount) }
}
