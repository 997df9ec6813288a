internal import CKernels

/// From a decoded picture to the model's input: region, turn, scaling, crop, colour and normalisation.
///
/// The scaling is OpenCV's 8-bit bilinear filter, of which only the square's samples are computed. Chroma is taken where
/// libav's converter takes it: each chroma sample covers its two by two pixels. That, and the truncation of the colour
/// conversion, keep I420 and NV12 within two levels (mean absolute) of converting to RGB first, by libav or by GStreamer;
/// siting chroma at the left, as MPEG-2 defines it, is further from both.
///
/// Not thread-safe: one for each camera's thread. It allocates at `init` only.
package final class FramePreprocessor {
    private struct Plan: Equatable {
        let format: PixelFormat
        let width, height: Int
        let view: ViewGeometry
    }

    package let imageSize: Int
    package let patchSize: Int
    private let mean: [Float]
    private let deviation: [Float]
    private let variant: PreprocessVariant

    /// `imageSize` rounded up to what the kernels take.
    private let pitch: Int
    private let picture: UnsafeMutablePointer<UInt8>
    private let scratch: UnsafeMutablePointer<Int16>
    /// (3, pitch) each.
    private let windows: UnsafeMutablePointer<Int32>
    private let selectors: UnsafeMutablePointer<UInt32>
    /// (pitch, 2) each.
    private let along: UnsafeMutablePointer<Int16>
    private let across: UnsafeMutablePointer<Int16>
    private let rows: UnsafeMutablePointer<Int32>
    /// What the tables above are for.
    private var plan: Plan?
    private var isTransposed = false
    private var hasNarrowRows = false

    /// - Parameters:
    ///   - imageSize: width and height of the model's input, in pixels.
    ///   - patchSize: width and height of a patch; it divides `imageSize`.
    ///   - mean, deviation: of red, green and blue, in levels of 0...255.
    package convenience init(imageSize: Int, patchSize: Int, mean: [Float], deviation: [Float]) {
        self.init(imageSize: imageSize, patchSize: patchSize, mean: mean, deviation: deviation, variant: .fastest)
    }

    /// As the other, with the instructions to use: `variant.isSupported` must hold.
    package init(imageSize: Int, patchSize: Int, mean: [Float], deviation: [Float], variant: PreprocessVariant) {
        precondition(
            patchSize > 0 && imageSize > 0 && imageSize % patchSize == 0, "patches of \(patchSize) in \(imageSize)")
        precondition(mean.count == 3 && deviation.count == 3, "mean and deviation of three colours")
        precondition(variant.isSupported, "\(variant) on this processor")
        self.imageSize = imageSize
        self.patchSize = patchSize
        self.mean = mean
        self.deviation = deviation
        self.variant = variant
        let multiple = Int(PREPROCESS_LINE_MULTIPLE)
        pitch = (imageSize + multiple - 1) / multiple * multiple
        picture = Self.zeros(3 * imageSize * pitch)
        scratch = Self.zeros(8 * pitch)
        windows = Self.zeros(3 * pitch)
        selectors = Self.zeros(3 * pitch)
        along = Self.zeros(2 * pitch)
        across = Self.zeros(2 * pitch)
        rows = Self.zeros(2 * pitch)
    }

    deinit {
        picture.deallocate()
        scratch.deallocate()
        windows.deallocate()
        selectors.deallocate()
        along.deallocate()
        across.deallocate()
        rows.deallocate()
    }

    private static func zeros<Number: FixedWidthInteger>(_ count: Int) -> UnsafeMutablePointer<Number> {
        let pointer = UnsafeMutablePointer<Number>.allocate(capacity: count)
        pointer.initialize(repeating: 0, count: count)
        return pointer
    }

    /// Writes the patch matrix (N, 3*P*P): patches row-major over the image, values in conv1.weight's order (channel, row,
    /// column).
    package func writePatches(_ frame: PixelFrame, view: ViewGeometry, to patches: UnsafeMutablePointer<Float>) {
        scale(frame, view)
        normalise(to: patches, patchSize: patchSize)
    }

    /// Writes the image (3, S, S), for data sets and tests.
    package func writeImage(_ frame: PixelFrame, view: ViewGeometry, to image: UnsafeMutablePointer<Float>) {
        scale(frame, view)
        normalise(to: image, patchSize: imageSize)
    }

    /// Writes the scaled and cropped picture as RGB bytes (S, S, 3).
    package func writeBytes(_ frame: PixelFrame, view: ViewGeometry, to bytes: UnsafeMutablePointer<UInt8>) {
        scale(frame, view)
        for y in 0..<imageSize {
            for x in 0..<imageSize {
                for c in 0..<3 { bytes[(y * imageSize + x) * 3 + c] = picture[(c * imageSize + y) * pitch + x] }
            }
        }
    }

    private func normalise(to out: UnsafeMutablePointer<Float>, patchSize: Int) {
        preprocess_normalise(
            out, picture, Int32(imageSize), Int32(pitch), Int32(patchSize), mean, deviation, variant.symbol)
    }

    /// Leaves the upright square in `picture`: (3, S, pitch).
    private func scale(_ frame: PixelFrame, _ view: ViewGeometry) {
        let layout = ComponentLayout.components(of: frame.format)
        precondition(frame.width > 0 && frame.height > 0, "a picture of \(frame.width) x \(frame.height)")
        precondition(frame.planes.count > layout.2.plane, "\(frame.planes.count) planes of \(frame.format)")
        prepare(Plan(format: frame.format, width: frame.width, height: frame.height, view: view), layout)

        func component(_ index: Int, _ layout: ComponentLayout) -> preprocess_component {
            preprocess_component(
                base: frame.planes[layout.plane].base, stride_bytes: frame.planes[layout.plane].strideBytes,
                row_shift: Int32(layout.shift), windows: windows + index * pitch, selectors: selectors + index * pitch)
        }
        let colour = frame.matrix.conversion(range: frame.range)
        withUnsafePointer(to: colour) { colour in
            var source = preprocess_source()
            source.components = (component(0, layout.0), component(1, layout.1), component(2, layout.2))
            source.length = Int32(pitch)
            source.lines = Int32(imageSize)
            source.along = UnsafePointer(along)
            source.rows = UnsafePointer(rows)
            source.across = UnsafePointer(across)
            source.colour = frame.format == .rgb ? nil : colour
            let usable = hasNarrowRows ? PreprocessVariant.portable : variant
            preprocess_scale(picture, &source, isTransposed, scratch, usable.symbol)
        }
    }

    /// Fills the tables for a picture's layout and a view, unless they are there.
    private func prepare(_ wanted: Plan, _ layout: (ComponentLayout, ComponentLayout, ComponentLayout)) {
        guard plan != wanted else { return }
        plan = wanted
        let square = SquareView(width: wanted.width, height: wanted.height, view: wanted.view, size: imageSize)
        isTransposed = square.isTransposed
        hasNarrowRows = false
        for index in 0..<imageSize {
            let line = square.rowTaps(index)
            (rows[2 * index], rows[2 * index + 1]) = (Int32(line.positions.0), Int32(line.positions.1))
            (across[2 * index], across[2 * index + 1]) = line.weights
            let sample = square.columnTaps(index)
            (along[2 * index], along[2 * index + 1]) = sample.weights
            fillTaps(0, index, sample, layout.0, width: wanted.width)
            fillTaps(1, index, sample, layout.1, width: wanted.width)
            fillTaps(2, index, sample, layout.2, width: wanted.width)
        }
    }

    private func fillTaps(_ part: Int, _ index: Int, _ taps: BilinearAxis.Taps, _ layout: ComponentLayout, width: Int) {
        let rowBytes = ((width - 1) >> layout.shift + 1) * layout.pixelBytes
        let (first, second) = (layout.byte(of: taps.positions.0), layout.byte(of: taps.positions.1))
        // Four bytes that end inside the row: the last row of a plane need not have bytes behind it.
        let window = max(min(first, second, rowBytes - 4), 0)
        hasNarrowRows = hasNarrowRows || rowBytes < 4
        let lane = index % 4 * 4
        windows[part * pitch + index] = Int32(window)
        selectors[part * pitch + index] =
            UInt32(first - window + lane) | UInt32(second - window + lane) << 16 | 0x8000_8000
    }
}
