import Recognizer

/// A picture that owns its planes.
struct Picture {
    struct Plane {
        var bytes: [UInt8]
        let strideBytes: Int
    }

    let format: PixelFormat
    let width: Int
    let height: Int
    var planes: [Plane]
    var matrix = ColourMatrix.bt601
    var range = ColourRange.limited

    /// RGB of (height, width, 3), rows without a gap.
    init(rgb: [UInt8], width: Int, height: Int) {
        self.init(format: .rgb, width: width, height: height, planes: [Plane(bytes: rgb, strideBytes: 3 * width)])
    }

    init(format: PixelFormat, width: Int, height: Int, planes: [Plane]) {
        (self.format, self.width, self.height, self.planes) = (format, width, height, planes)
    }

    /// Calls `body` with the picture, whose planes end where their last row's pixels end.
    func withFrame(_ body: (PixelFrame) -> Void) {
        let copies = planes.compactMap { GuardedBytes($0.bytes) }
        precondition(copies.count == planes.count, "no memory for a picture")
        let borrowed = zip(planes, copies).map {
            PixelFrame.Plane(base: UnsafePointer($1.base), strideBytes: $0.strideBytes)
        }
        withExtendedLifetime(copies) {
            body(
                PixelFrame(
                    format: format, width: width, height: height, planes: borrowed, matrix: matrix, range: range))
        }
    }

    /// The picture with `padding` bytes of 0xEE behind each row but the last.
    func padded(by padding: Int) -> Picture {
        var copy = self
        copy.planes = planes.map { plane in
            var bytes: [UInt8] = []
            for row in stride(from: 0, to: plane.bytes.count, by: plane.strideBytes) {
                bytes += plane.bytes[row..<min(row + plane.strideBytes, plane.bytes.count)]
                bytes += [UInt8](repeating: 0xEE, count: padding)
            }
            bytes.removeLast(padding)
            return Plane(bytes: bytes, strideBytes: plane.strideBytes + padding)
        }
        return copy
    }

    /// An I420 picture with its chroma interleaved.
    var asNV12: Picture {
        let chroma = zip(planes[1].bytes, planes[2].bytes).flatMap { [$0, $1] }
        var copy = Picture(
            format: .nv12, width: width, height: height,
            planes: [planes[0], Plane(bytes: chroma, strideBytes: 2 * planes[1].strideBytes)])
        (copy.matrix, copy.range) = (matrix, range)
        return copy
    }

    /// An RGB picture's rectangle.
    func cropped(x: Int, y: Int, width: Int, height: Int) -> Picture {
        var bytes: [UInt8] = []
        for row in y..<y + height {
            let start = row * planes[0].strideBytes + 3 * x
            bytes += planes[0].bytes[start..<start + 3 * width]
        }
        return Picture(rgb: bytes, width: width, height: height)
    }

    /// An RGB picture turned clockwise by a right angle.
    var turnedClockwise: Picture {
        var bytes: [UInt8] = []
        for y in 0..<width {
            for x in 0..<height {
                let at = (height - 1 - x) * planes[0].strideBytes + 3 * y
                bytes += planes[0].bytes[at..<at + 3]
            }
        }
        return Picture(rgb: bytes, width: height, height: width)
    }

    /// Seeded noise, the same on every run.
    static func noise(_ format: PixelFormat, width: Int, height: Int, seed: UInt64 = 1) -> Picture {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return UInt8(truncatingIfNeeded: state >> 24)
            }
        }
        let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
        let luma = Plane(bytes: bytes(width * height), strideBytes: width)
        switch format {
        case .rgb:
            return Picture(rgb: bytes(3 * width * height), width: width, height: height)
        case .i420:
            let chroma = (0..<2).map { _ in Plane(bytes: bytes(halfWidth * halfHeight), strideBytes: halfWidth) }
            return Picture(format: .i420, width: width, height: height, planes: [luma] + chroma)
        case .nv12:
            let chroma = Plane(bytes: bytes(2 * halfWidth * halfHeight), strideBytes: 2 * halfWidth)
            return Picture(format: .nv12, width: width, height: height, planes: [luma, chroma])
        }
    }
}

extension FramePreprocessor {
    /// The normalisation of CLIP as the goldens have it.
    convenience init(size: Int, patchSize: Int? = nil, variant: PreprocessVariant = .fastest) {
        self.init(
            imageSize: size, patchSize: patchSize ?? size, mean: [123.675, 116.28, 103.53],
            deviation: [58.395, 57.12, 57.375], variant: variant)
    }

    func bytes(_ picture: Picture, _ view: ViewGeometry = ViewGeometry()) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 3 * imageSize * imageSize) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            picture.withFrame { writeBytes($0, view: view, to: base) }
            count = buffer.count
        }
    }

    func image(_ picture: Picture, _ view: ViewGeometry = ViewGeometry()) -> [Float] {
        [Float](unsafeUninitializedCapacity: 3 * imageSize * imageSize) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            picture.withFrame { writeImage($0, view: view, to: base) }
            count = buffer.count
        }
    }

    func patches(_ picture: Picture, _ view: ViewGeometry = ViewGeometry()) -> [Float] {
        [Float](unsafeUninitializedCapacity: 3 * imageSize * imageSize) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            picture.withFrame { writePatches($0, view: view, to: base) }
            count = buffer.count
        }
    }
}

/// The largest and the mean absolute difference of two pictures.
func differences(_ a: [UInt8], _ b: [UInt8]) -> (largest: Int, mean: Double) {
    guard a.count == b.count, !a.isEmpty else { return (.max, .infinity) }
    let all = zip(a, b).map { abs(Int($0) - Int($1)) }
    return (all.max() ?? 0, Double(all.reduce(0, +)) / Double(all.count))
}
