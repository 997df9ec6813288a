import Foundation

/// Float32 memory, zero, whose pages come when they are first touched: what is never used, such as the activations of a text
/// tower whose features are given, takes none.
///
/// `@unchecked Sendable`: as `FloatBuffer`.
final class PagedFloats: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int
    private let byteCount: Int

    init(count: Int) {
        self.count = count
        byteCount = max(count * 4, 1)
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { preconditionFailure("no memory for \(count) floats") }
        // Large pages spare the processor's address tables. Where there are none, small ones do.
        madvise(memory, byteCount, MADV_HUGEPAGE)
        pointer = memory.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { munmap(pointer, byteCount) }
}
