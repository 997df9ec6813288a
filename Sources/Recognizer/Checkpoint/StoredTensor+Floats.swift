import CKernels

extension StoredTensor {
    /// The tensor's own values, in place, when they are float32 at an aligned address; `nil` asks for a conversion.
    ///
    /// Valid as long as `owner` lives.
    package var mappedFloats: UnsafeBufferPointer<Float>? {
        let bytes = bytes
        guard type == .float32 else { return nil }
        guard let base = bytes.baseAddress else { return UnsafeBufferPointer(start: nil, count: 0) }
        guard Int(bitPattern: base).isMultiple(of: MemoryLayout<Float>.alignment) else { return nil }
        return UnsafeBufferPointer(start: base.assumingMemoryBound(to: Float.self), count: elementCount)
    }

    /// Writes all `elementCount` values to `out` as float32.
    ///
    /// Float64 and 64-bit integers are rounded to the nearest float32.
    package func copyFloats(into out: UnsafeMutablePointer<Float>) {
        guard elementCount > 0, let base = bytes.baseAddress else { return }
        switch type {
        case .float32: UnsafeMutableRawPointer(out).copyMemory(from: base, byteCount: elementCount * 4)
        case .float16: ckernels_f16_to_f32(out, base, elementCount)
        case .bfloat16: ckernels_bf16_to_f32(out, base, elementCount)
        case .float64: ckernels_f64_to_f32(out, base, elementCount)
        case .int64: Self.convert(Int64.self, base, elementCount, out)
        case .int32: Self.convert(Int32.self, base, elementCount, out)
        case .int16: Self.convert(Int16.self, base, elementCount, out)
        case .int8: Self.convert(Int8.self, base, elementCount, out)
        case .uint8: Self.convert(UInt8.self, base, elementCount, out)
        case .bool: for index in 0..<elementCount { out[index] = bytes[index] == 0 ? 0 : 1 }
        }
    }

    /// All values as a float32 tensor of the same shape, copied.
    package func floats() -> Tensor {
        let values = [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
            if let base = buffer.baseAddress { copyFloats(into: base) }
            count = elementCount
        }
        return Tensor(shape: shape, values: values)
    }

    /// All values of an integer or boolean tensor; `nil` for a floating-point one.
    package func integers() -> [Int]? {
        switch type {
        case .int64: integers(Int64.self)
        case .int32: integers(Int32.self)
        case .int16: integers(Int16.self)
        case .int8: integers(Int8.self)
        case .uint8, .bool: integers(UInt8.self)
        case .float32, .float16, .bfloat16, .float64: nil
        }
    }

    /// Whether no value is NaN or infinite; integers always are finite.
    package var isFinite: Bool {
        guard let base = bytes.baseAddress else { return true }
        return switch type {
        case .float32: ckernels_all_finite_f32(base, elementCount) != 0
        case .float16: ckernels_all_finite_f16(base, elementCount) != 0
        case .bfloat16: ckernels_all_finite_bf16(base, elementCount) != 0
        case .float64: ckernels_all_finite_f64(base, elementCount) != 0
        case .int64, .int32, .int16, .int8, .uint8, .bool: true
        }
    }

    private func integers<Value: FixedWidthInteger>(_: Value.Type) -> [Int] {
        let bytes = bytes
        return (0..<elementCount).map { index in
            Int(bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self))
        }
    }

    private static func convert<Value: FixedWidthInteger>(
        _: Value.Type, _ base: UnsafeRawPointer, _ count: Int, _ out: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<count {
            out[index] = Float(base.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self))
        }
    }
}
