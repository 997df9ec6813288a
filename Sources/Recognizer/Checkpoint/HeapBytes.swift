/// Bytes in memory of our own, aligned to a cache line, written once by `init` and read-only afterwards.
///
/// Sendable: nothing writes after `init` returns.
package final class HeapBytes: ByteOwner, @unchecked Sendable {
    package let bytes: UnsafeRawBufferPointer
    private let memory: UnsafeMutableRawBufferPointer

    /// Allocates `count` bytes and has `fill` write all of them.
    package init(count: Int, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        memory = .allocate(byteCount: count, alignment: 64)
        fill(memory)
        bytes = UnsafeRawBufferPointer(memory)
    }

    deinit { memory.deallocate() }
}

extension StoredTensor {
    /// A float32 tensor that holds a copy of `tensor`.
    package init(_ tensor: Tensor) {
        let owner = HeapBytes(count: tensor.values.count * 4) { memory in
            tensor.values.withUnsafeBytes { memory.copyMemory(from: $0) }
        }
        self.init(type: .float32, shape: tensor.shape, owner: owner, range: 0..<tensor.values.count * 4)
    }
}
