/// Packed weights in memory: on the heap, or a range of a mapped file.
///
/// `@unchecked Sendable`: `owner` keeps the bytes, and nothing writes them.
struct PackedBytes: @unchecked Sendable {
    let pointer: UnsafeRawPointer
    let count: Int
    private let owner: any ByteOwner

    init(_ memory: AlignedBytes) {
        pointer = UnsafeRawPointer(memory.base)
        count = memory.bytes.count
        owner = memory
    }

    /// A range of a file; nil if it is empty or not all in the file.
    init?(_ file: MappedFile, from offset: Int, count: Int) {
        guard let base = file.bytes.baseAddress, offset >= 0, count > 0, offset <= file.bytes.count,
            count <= file.bytes.count - offset
        else { return nil }
        pointer = base + offset
        self.count = count
        owner = file
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: pointer, count: count) }

}

/// Memory of a fixed size, aligned to a cache line, owned.
///
/// `@unchecked Sendable`: written before it is shared, read afterwards.
final class AlignedBytes: ByteOwner, @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let bytes: UnsafeRawBufferPointer

    init(byteCount: Int) {
        base = .allocate(byteCount: max(byteCount, 64), alignment: 64)
        bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
    }

    deinit { base.deallocate() }
}
