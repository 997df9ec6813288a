/// Element types that a checkpoint may hold.
package enum ElementType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float64 = "F64"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint8 = "U8"
    case bool = "BOOL"

    package var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// Read-only bytes that stay valid as long as this object lives: a memory-mapped file or an owned allocation.
package protocol ByteOwner: AnyObject, Sendable {
    var bytes: UnsafeRawBufferPointer { get }

    /// Told when a range will not be read again soon; it can still be read, but not by what `bytes` gave before.
    func forget(_ range: Range<Int>)
}

extension ByteOwner {
    package func forget(_ range: Range<Int>) {}
}

/// One tensor of a checkpoint, contiguous and row-major, viewed in place.
package struct StoredTensor: Sendable {
    package let type: ElementType
    /// Extent of each dimension, slowest first; empty for a scalar.
    package let shape: [Int]
    /// Keeps `bytes` alive.
    package let owner: any ByteOwner
    /// Where the tensor's bytes lie within `owner.bytes`.
    package let range: Range<Int>

    package init(type: ElementType, shape: [Int], owner: any ByteOwner, range: Range<Int>) {
        self.type = type
        self.shape = shape
        self.owner = owner
        self.range = range
    }

    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: owner.bytes[range])
    }

    package var elementCount: Int { shape.reduce(1, *) }
}

/// A checkpoint as data: tensors by name, and whatever strings its container carries beside them.
package struct StateDict: Sendable {
    package var tensors: [String: StoredTensor]
    package var metadata: [String: String]

    package init(tensors: [String: StoredTensor], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }
}
