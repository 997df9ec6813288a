/// The product of a matrix (rows, depth) and one (depth, columns), given by their entries, in double precision.
///
/// The reference of the kernels' tests. Written as loops over memory: closures and iterators take most of the time of such a test
/// when it is not optimised.
package func plainProduct(
    rows: Int, depth: Int, columns: Int, _ left: (_ row: Int, _ step: Int) -> Float,
    _ right: (_ step: Int, _ column: Int) -> Float
) -> [Double] {
    var (a, b) = ([Double](), [Double]())
    for row in 0..<rows { for step in 0..<depth { a.append(Double(left(row, step))) } }
    for column in 0..<columns { for step in 0..<depth { b.append(Double(right(step, column))) } }
    return a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            [Double](unsafeUninitializedCapacity: rows * columns) { out, written in
                while written < rows * columns {
                    let (from, to) = (written / columns * depth, written % columns * depth)
                    var (sum, step) = (0.0, 0)
                    while step < depth {
                        sum += a[from + step] * b[to + step]
                        step += 1
                    }
                    out.initializeElement(at: written, to: sum)
                    written += 1
                }
            }
        }
    }
}
