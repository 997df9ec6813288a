/// Layouts of decoded video that the preprocessor reads as they leave a decoder.
package enum PixelFormat: String, Sendable {
    case rgb = "RGB"
    case i420 = "I420"
    case nv12 = "NV12"
}

/// How luma and chroma make a colour.
package enum ColourMatrix: Sendable {
    case bt601, bt709, bt2020
}

package enum ColourRange: Sendable {
    /// 16...235 for luma.
    case limited
    /// 0...255 for luma.
    case full
}

/// One decoded picture, borrowed from its owner for the duration of a call.
package struct PixelFrame {
    package struct Plane {
        package let base: UnsafePointer<UInt8>
        /// Bytes from one row to the next.
        package let strideBytes: Int

        package init(base: UnsafePointer<UInt8>, strideBytes: Int) {
            self.base = base
            self.strideBytes = strideBytes
        }
    }

    package let format: PixelFormat
    package let width: Int
    package let height: Int
    /// One plane for RGB, two for NV12 (Y, UV), three for I420 (Y, U, V).
    package let planes: [Plane]
    package let matrix: ColourMatrix
    package let range: ColourRange

    package init(
        format: PixelFormat, width: Int, height: Int, planes: [Plane], matrix: ColourMatrix, range: ColourRange
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.planes = planes
        self.matrix = matrix
        self.range = range
    }
}

/// What part of a picture the model sees, and which way up.
package struct ViewGeometry: Sendable, Equatable {
    /// A rectangle in fractions of the upright picture's width and height: `0...1`, left, top, width, height.
    package struct Region: Sendable, Equatable {
        package var x, y, width, height: Double
        package init(x: Double, y: Double, width: Double, height: Double) {
            (self.x, self.y, self.width, self.height) = (x, y, width, height)
        }
        package static let whole = Region(x: 0, y: 0, width: 1, height: 1)
    }

    /// Clockwise turn that makes the picture upright.
    package enum Rotation: Int, Sendable, CaseIterable {
        case none = 0, clockwise90 = 90, half = 180, clockwise270 = 270
    }

    /// How a square is cut from the scaled region.
    package enum Crop: Sendable, Equatable {
        /// Short side to 256/224 of the input size (integer part), the middle square: the single-view protocol.
        case centre
        /// Short side to the input size; square 0 is left (or top), 1 right (or bottom), 2 the middle.
        case third(Int)
        /// A part of the region scaled to the input size, stretched where it is no square. `width` and `height` are parts of the
        /// region's short side; `x` and `y` tell where it lies: 0 is left (or top), 1 right (or bottom), 0.5 the middle.
        case stretched(width: Double, height: Double, x: Double, y: Double)
        /// Scaled as for `centre`; `x` and `y`, 0..<1, choose among all the places that the square can have.
        case shifted(x: Double, y: Double)
    }

    package var region: Region
    package var rotation: Rotation
    package var crop: Crop

    package init(region: Region = .whole, rotation: Rotation = .none, crop: Crop = .centre) {
        self.region = region
        self.rotation = rotation
        self.crop = crop
    }
}
