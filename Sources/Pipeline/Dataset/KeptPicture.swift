import Recognizer

/// A copy of a decoded picture in memory of its own, without padding.
struct KeptPicture: Sendable {
    private let format: PixelFormat
    private let width: Int
    private let height: Int
    private let matrix: ColourMatrix
    private let range: ColourRange
    private let planes: [[UInt8]]

    init(_ frame: PixelFrame) {
        (format, width, height) = (frame.format, frame.width, frame.height)
        (matrix, range) = (frame.matrix, frame.range)
        planes = frame.planes.enumerated().map { index, plane in
            let (rowBytes, rows) = Self.size(of: index, frame.format, frame.width, frame.height)
            return [UInt8](unsafeUninitializedCapacity: rowBytes * rows) { buffer, initialized in
                if let base = buffer.baseAddress {
                    for row in 0..<rows {
                        (base + row * rowBytes).update(from: plane.base + row * plane.strideBytes, count: rowBytes)
                    }
                }
                initialized = rowBytes * rows
            }
        }
    }

    var byteCount: Int { planes.reduce(0) { $0 + $1.count } }

    /// Bytes of a row and rows of a plane.
    private static func size(of plane: Int, _ format: PixelFormat, _ width: Int, _ height: Int) -> (Int, Int) {
        switch (format, plane) {
        case (.rgb, _): (3 * width, height)
        case (_, 0): (width, height)
        case (.i420, _): ((width + 1) / 2, (height + 1) / 2)
        case (.nv12, _): ((width + 1) / 2 * 2, (height + 1) / 2)
        }
    }

    func withPixels<R>(_ body: (PixelFrame) -> R) -> R {
        func lend(_ bases: [UnsafePointer<UInt8>]) -> R {
            guard bases.count < planes.count else {
                return body(
                    PixelFrame(
                        format: format, width: width, height: height,
                        planes: bases.enumerated().map { index, base in
                            .init(base: base, strideBytes: Self.size(of: index, format, width, height).0)
                        }, matrix: matrix, range: range))
            }
            return planes[bases.count].withUnsafeBufferPointer { plane in
                // A picture has pixels in each of its planes.
                guard let base = plane.baseAddress else { preconditionFailure("a plane without a pixel") }
                return lend(bases + [base])
            }
        }
        return lend([])
    }
}
