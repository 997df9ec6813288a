/// Memory of one tower for rows on their way into another type, the same for all its layers; made while they are made.
///
/// `@unchecked Sendable`: grows before the first row is computed, and layers of a tower compute one after the other.
final class PanelStaging: @unchecked Sendable {
    private var rows = AlignedBytes(byteCount: 0)
    private var scales = AlignedBytes(byteCount: 0)

    /// Makes room for so many rows of a layer's input.
    func reserve(rows count: Int, _ shape: PanelWeights.Shape) {
        rows = Self.grown(rows, count * shape.stagedWords * 4)
        guard shape.type == .int8 else { return }
        scales = Self.grown(scales, count * 8)
    }

    private static func grown(_ memory: AlignedBytes, _ byteCount: Int) -> AlignedBytes {
        memory.bytes.count >= byteCount ? memory : AlignedBytes(byteCount: byteCount)
    }

    /// Rows in the layer's type.
    var words: UnsafeMutablePointer<UInt32> { rows.base.assumingMemoryBound(to: UInt32.self) }
    /// A scale for each row of bytes.
    var rowScales: UnsafeMutablePointer<Float> { scales.base.assumingMemoryBound(to: Float.self) }
    /// A zero for each row of bytes.
    func rowZeros(rows: Int) -> UnsafeMutablePointer<Int32> {
        (scales.base + 4 * rows).assumingMemoryBound(to: Int32.self)
    }
}
