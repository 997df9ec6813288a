import CKernels

/// Where the rows and columns of a batch's matrix stand.
typealias MatrixLayout = ckernels_layout

extension MatrixLayout {
    /// (rows, width): rows one after the other.
    static func rows(width: Int) -> Self { Self(row: width, panel: 64) }

    /// (width / 64, rows, 64): what a sum over the rows reads of 64 columns stands together.
    static func panels(rows: Int) -> Self { Self(row: 64, panel: 64 * rows) }
}
