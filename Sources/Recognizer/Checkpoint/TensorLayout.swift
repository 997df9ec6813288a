/// The arithmetic of shapes and strides from outside, checked for overflow at every step.
enum TensorLayout {
    static let dimensionLimit = 16

    /// The number of elements, or `nil` for a negative extent, too many dimensions or an overflow.
    static func elementCount(shape: [Int]) -> Int? {
        guard shape.count <= dimensionLimit else { return nil }
        // An extent of zero makes the product zero in any order, but must not hide an overflow beside it.
        var product = 1
        for extent in shape {
            guard extent >= 0 else { return nil }
            let (value, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
            guard !overflow else { return nil }
            product = value
        }
        return shape.contains(0) ? 0 : product
    }

    /// The number of bytes, or `nil` as `elementCount`.
    static func byteCount(shape: [Int], type: ElementType) -> Int? {
        guard let count = elementCount(shape: shape) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
        return overflow ? nil : bytes
    }

    /// Elements of row-major storage from one step of a dimension to the next. `shape`'s product must not overflow.
    static func contiguousStrides(shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for dimension in shape.indices.dropLast().reversed() {
            strides[dimension] = strides[dimension + 1] * max(shape[dimension + 1], 1)
        }
        return strides
    }

    /// Whether the elements lie row-major without gaps; the stride of a dimension of extent 1 has no effect.
    static func isContiguous(shape: [Int], strides: [Int]) -> Bool {
        zip(zip(shape, strides), contiguousStrides(shape: shape)).allSatisfy { $0.0 <= 1 || $0.1 == $1 }
    }

    /// The highest element index that `offset`, `shape` and `strides` reach, or `nil` for a negative one or an overflow.
    /// `shape` has no zero extent.
    static func lastIndex(offset: Int, shape: [Int], strides: [Int]) -> Int? {
        guard offset >= 0, shape.count == strides.count else { return nil }
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            guard stride >= 0 else { return nil }
            let (step, overflow) = stride.multipliedReportingOverflow(by: extent - 1)
            guard !overflow else { return nil }
            let (sum, sumOverflow) = last.addingReportingOverflow(step)
            guard !sumOverflow else { return nil }
            last = sum
        }
        return last
    }
}
