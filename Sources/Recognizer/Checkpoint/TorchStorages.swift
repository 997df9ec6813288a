import CKernels

/// Makes tensors of a pickle's claims and the raw storages beside it.
struct TorchStorages {
    let owner: any ByteOwner
    let path: String
    /// Storage key to where its bytes lie in `owner`.
    let ranges: [String: Range<Int>]
    let isBigEndian: Bool
    /// Bytes that may still be copied. Honest files copy at most a few transposed weights, so the whole of a file's own
    /// size is plenty, and no small file can ask for more.
    private var copyBudget: Int

    init(owner: any ByteOwner, path: String, ranges: [String: Range<Int>], isBigEndian: Bool) {
        self.owner = owner
        self.path = path
        self.ranges = ranges
        self.isBigEndian = isBigEndian
        copyBudget = owner.bytes.count
    }

    /// Views a contiguous tensor in place; copies one that is transposed, sliced or big-endian.
    mutating func tensor(_ view: PickleTensor, name: String) throws(RecognizerError) -> StoredTensor {
        func failure(_ reason: String) -> RecognizerError {
            .malformed(path: path, reason: "tensor \"\(name)\": \(reason)")
        }
        let size = view.storage.type.byteCount
        guard let range = ranges[view.storage.key] else {
            throw failure("its storage \"\(view.storage.key)\" is not in the file")
        }
        guard range.count.isMultiple(of: size), range.count / size == view.storage.count else {
            throw failure("its storage has \(range.count) bytes, \(view.storage.count) elements of \(size) are claimed")
        }
        guard let count = TensorLayout.elementCount(shape: view.shape), view.shape.count == view.strides.count else {
            throw failure("shape \(view.shape) with strides \(view.strides) is not possible")
        }
        guard count > 0 else {
            return StoredTensor(
                type: view.storage.type, shape: view.shape, owner: owner, range: range.lowerBound..<range.lowerBound)
        }
        guard let last = TensorLayout.lastIndex(offset: view.offset, shape: view.shape, strides: view.strides),
            last < view.storage.count
        else {
            throw failure(
                "offset \(view.offset), shape \(view.shape), strides \(view.strides) leave its storage of"
                    + " \(view.storage.count) elements")
        }
        // An element that stands for several (stride 0) would let a short storage claim any size.
        guard count <= view.storage.count else {
            throw failure("\(count) elements over a storage of \(view.storage.count): an expanded view")
        }
        if TensorLayout.isContiguous(shape: view.shape, strides: view.strides), !isBigEndian || size == 1 {
            let start = range.lowerBound + view.offset * size
            return StoredTensor(
                type: view.storage.type, shape: view.shape, owner: owner, range: start..<start + count * size)
        }
        copyBudget -= count * size
        guard copyBudget >= 0 else { throw failure("more is transposed than the file is large") }
        let source = UnsafeRawBufferPointer(rebasing: owner.bytes[range])
        let copy = HeapBytes(count: count * size) { out in
            Self.gather(view, from: source, into: out)
            if isBigEndian, size > 1, let base = out.baseAddress { ckernels_swap_bytes(base, count, size) }
        }
        return StoredTensor(type: view.storage.type, shape: view.shape, owner: copy, range: 0..<count * size)
    }

    /// Copies the elements of a view, row-major. The caller has checked every bound.
    private static func gather(
        _ view: PickleTensor, from source: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer
    ) {
        let size = view.storage.type.byteCount
        guard let columns = view.shape.last, let step = view.strides.last else {
            out.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[view.offset * size..<(view.offset + 1) * size]))
            return
        }
        var index = [Int](repeating: 0, count: view.shape.count - 1)
        var position = 0
        while position < out.count {
            let row = zip(index, view.strides).reduce(view.offset) { $0 + $1.0 * $1.1 }
            for column in 0..<columns {
                let element = (row + column * step) * size
                for byte in 0..<size { out[position + byte] = source[element + byte] }
                position += size
            }
            for dimension in index.indices.reversed() {
                index[dimension] += 1
                if index[dimension] < view.shape[dimension] { break }
                index[dimension] = 0
            }
        }
    }
}
