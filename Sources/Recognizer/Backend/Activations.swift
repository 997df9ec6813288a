/// Element type of rows on their way from one layer of a tower to the next.
enum RowType: Sendable {
    case float32
    /// Where the processor multiplies such numbers; elsewhere no layer asks for it.
    case bfloat16

    var byteCount: Int {
        switch self {
        case .float32: 4
        case .bfloat16: 2
        }
    }
}

/// Rows of either type, contiguous, in memory that somebody else owns.
struct Activations {
    let base: UnsafeMutableRawPointer
    let type: RowType

    init(_ base: UnsafeMutableRawPointer, _ type: RowType) {
        self.base = base
        self.type = type
    }

    init(_ floats: UnsafeMutablePointer<Float>) {
        self.init(UnsafeMutableRawPointer(floats), .float32)
    }

    /// Rows that are only read.
    init(reading floats: UnsafePointer<Float>) {
        self.init(UnsafeMutableRawPointer(mutating: floats), .float32)
    }

    /// The rows from `values` values further on.
    static func + (rows: Activations, values: Int) -> Activations {
        Activations(rows.base + values * rows.type.byteCount, rows.type)
    }

    var floats: UnsafeMutablePointer<Float> {
        precondition(type == .float32, "rows are \(type)")
        return base.assumingMemoryBound(to: Float.self)
    }

    /// Bit patterns of bfloat16.
    var halves: UnsafeMutablePointer<UInt16> {
        precondition(type == .bfloat16, "rows are \(type)")
        return base.assumingMemoryBound(to: UInt16.self)
    }
}
