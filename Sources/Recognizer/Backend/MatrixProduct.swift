import COpenBLAS

/// Products of float32 matrices with any distance between rows, by OpenBLAS on the calling thread.
///
/// Each gives `out = keep * out + left right`, where `keep` is 0 or 1. The same arguments give the same bits.
enum MatrixProduct {
    /// Makes OpenBLAS use one thread; before the first product.
    static func prepare() { _ = OpenBLAS() }

    /// `left` (rows, depth) times the transpose of `right` (columns, depth).
    static func timesTransposed(
        _ out: UnsafeMutablePointer<Float>, stride: Int, _ left: UnsafePointer<Float>, stride leftStride: Int,
        _ right: UnsafePointer<Float>, stride rightStride: Int, rows: Int, columns: Int, depth: Int, keep: Float
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(columns), blasint(depth), 1, left,
            blasint(leftStride), right, blasint(rightStride), keep, out, blasint(stride))
    }

    /// `left` (rows, depth) times `right` (depth, columns).
    static func times(
        _ out: UnsafeMutablePointer<Float>, stride: Int, _ left: UnsafePointer<Float>, stride leftStride: Int,
        _ right: UnsafePointer<Float>, stride rightStride: Int, rows: Int, columns: Int, depth: Int, keep: Float
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(depth), 1, left,
            blasint(leftStride), right, blasint(rightStride), keep, out, blasint(stride))
    }

    /// The transpose of `left` (depth, rows) times `right` (depth, columns).
    static func transposedTimes(
        _ out: UnsafeMutablePointer<Float>, stride: Int, _ left: UnsafePointer<Float>, stride leftStride: Int,
        _ right: UnsafePointer<Float>, stride rightStride: Int, rows: Int, columns: Int, depth: Int, keep: Float
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(depth), 1, left,
            blasint(leftStride), right, blasint(rightStride), keep, out, blasint(stride))
    }
}
