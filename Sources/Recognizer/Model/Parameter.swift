/// A tensor of the model as float32: in place where the checkpoint holds it so, converted otherwise.
///
/// `@unchecked Sendable`: read-only after `init`, and `owner` keeps the memory.
package final class Parameter: @unchecked Sendable {
    package let pointer: UnsafePointer<Float>
    package let count: Int
    private let owner: AnyObject
    /// Where the values come from, if from a file.
    private let source: StoredTensor?

    package init(_ stored: StoredTensor) {
        count = stored.elementCount
        source = stored
        if let mapped = stored.mappedFloats, let base = mapped.baseAddress {
            pointer = base
            owner = stored.owner
        } else {
            let buffer = FloatBuffer(count: stored.elementCount)
            stored.copyFloats(into: buffer.pointer)
            pointer = UnsafePointer(buffer.pointer)
            owner = buffer
        }
    }

    /// A parameter computed from others.
    init(_ buffer: FloatBuffer) {
        source = nil
        count = buffer.count
        pointer = UnsafePointer(buffer.pointer)
        owner = buffer
    }

    /// `count` values of `whole` from `offset` on, in place.
    init(_ whole: Parameter, from offset: Int, count: Int) {
        precondition(offset >= 0 && offset + count <= whole.count, "\(offset)..<\(offset + count) of \(whole.count)")
        source = nil
        self.count = count
        pointer = whole.pointer + offset
        owner = whole
    }

    /// Lets the kernel take back what was read of a mapped file, once the values are kept in another form; they can still be read.
    func forgetPages() {
        guard let source else { return }
        source.owner.forget(source.range)
    }

    /// The transpose of a (rows, columns) matrix, as a copy.
    func transposed(rows: Int, columns: Int) -> Parameter {
        precondition(rows * columns == count, "\(rows) x \(columns) is not \(count) values")
        let buffer = FloatBuffer(count: count)
        for row in 0..<rows {
            for column in 0..<columns { buffer.pointer[column * rows + row] = pointer[row * columns + column] }
        }
        return Parameter(buffer)
    }
}
