import Recognizer
import TestSupport
import Testing

@Suite struct FramePreprocessorTests {
    private static let formats: [PixelFormat] = [.rgb, .i420, .nv12]
    private static let sizes = [
        (1, 1), (2, 1), (3, 3), (1, 500), (500, 1), (7, 9), (33, 65), (64, 64), (127, 95), (320, 180), (8192, 3),
    ]
    private static let variants = PreprocessVariant.allCases.filter(\.isSupported)

    @Test(arguments: formats)
    func givesTheSameValuesWithEveryVariant(format: PixelFormat) {
        for size in [16, 30, 56] {
            let preprocessors = Self.variants.map { FramePreprocessor(size: size, patchSize: size / 2, variant: $0) }
            for (width, height) in Self.sizes {
                let picture = Picture.noise(format, width: width, height: height)
                for rotation in ViewGeometry.Rotation.allCases {
                    let view = ViewGeometry(rotation: rotation)
                    let results = preprocessors.map { ($0.bytes(picture, view), $0.patches(picture, view)) }
                    for result in results.dropFirst() {
                        #expect(result == results[0], "\(width) x \(height), \(rotation), size \(size)")
                    }
                }
            }
        }
    }

    @Test(arguments: formats)
    func ignoresBytesBehindARow(format: PixelFormat) {
        for (width, height) in [(33, 17), (64, 48), (5, 4)] {
            let picture = Picture.noise(format, width: width, height: height)
            for variant in Self.variants {
                let preprocessor = FramePreprocessor(size: 32, variant: variant)
                #expect(
                    preprocessor.bytes(picture) == preprocessor.bytes(picture.padded(by: 13)), "\(width) x \(height)")
            }
        }
    }

    @Test func readsInterleavedChromaAsPlanar() {
        for (width, height) in [(1, 1), (64, 48), (63, 47), (97, 200)] {
            let picture = Picture.noise(.i420, width: width, height: height)
            for rotation in ViewGeometry.Rotation.allCases {
                let view = ViewGeometry(rotation: rotation)
                let preprocessor = FramePreprocessor(size: 32)
                #expect(preprocessor.bytes(picture, view) == preprocessor.bytes(picture.asNV12, view))
            }
        }
    }

    @Test(arguments: ViewGeometry.Rotation.allCases)
    func turnsThePictureClockwise(rotation: ViewGeometry.Rotation) {
        for (width, height) in [(64, 48), (31, 77)] {
            let picture = Picture.noise(.rgb, width: width, height: height)
            let upright = (0..<rotation.rawValue / 90).reduce(picture) { turned, _ in turned.turnedClockwise }
            let region = ViewGeometry.Region(x: 0.125, y: 0.25, width: 0.75, height: 0.5)
            for crop in [ViewGeometry.Crop.centre, .third(0), .third(1)] {
                let preprocessor = FramePreprocessor(size: 32)
                let turned = preprocessor.bytes(picture, ViewGeometry(region: region, rotation: rotation, crop: crop))
                let expected = preprocessor.bytes(upright, ViewGeometry(region: region, crop: crop))
                #expect(differences(turned, expected).largest <= 1, "\(width) x \(height), \(crop)")
            }
        }
    }

    @Test func scalesARegionAsThePictureItCuts() {
        let picture = Picture.noise(.rgb, width: 80, height: 60)
        let region = ViewGeometry.Region(x: 0.25, y: 0.1, width: 0.5, height: 0.65)
        let preprocessor = FramePreprocessor(size: 32)
        for crop in [ViewGeometry.Crop.centre, .third(0), .third(1), .third(2)] {
            let cut = picture.cropped(x: 20, y: 6, width: 40, height: 39)
            #expect(
                preprocessor.bytes(picture, ViewGeometry(region: region, crop: crop))
                    == preprocessor.bytes(cut, ViewGeometry(crop: crop)))
        }
    }

    @Test func scalesOnePixelWhereTheRegionIsSmaller() {
        let picture = Picture.noise(.rgb, width: 4, height: 4)
        let region = ViewGeometry.Region(x: 0.999, y: 0, width: 0.001, height: 0.001)
        let pixel = picture.cropped(x: 3, y: 0, width: 1, height: 1)
        let preprocessor = FramePreprocessor(size: 16)
        #expect(preprocessor.bytes(picture, ViewGeometry(region: region)) == preprocessor.bytes(pixel))
    }

    @Test func takesChromaOfOddSizesFromItsLastColumnAndRow() {
        var picture = Picture(
            format: .i420, width: 3, height: 3,
            planes: [
                .init(bytes: [UInt8](repeating: 120, count: 9), strideBytes: 3),
                .init(bytes: [128, 128, 128, 200], strideBytes: 2), .init(bytes: [128, 128, 128, 60], strideBytes: 2),
            ])
        picture.range = .full
        let bytes = FramePreprocessor(size: 3).bytes(picture, ViewGeometry(crop: .third(0)))
        #expect(Array(bytes[0..<24]) == [UInt8](repeating: 120, count: 24))
        // Exactly: 120 - 95.3, 120 - 24.8 + 48.6, 120 + 127.6; each product is truncated.
        #expect(Array(bytes[24..<27]) == [24, 143, 247])
    }

    @Test func readsBlackAndWhiteOfBothRanges() {
        for (range, black, white) in [(ColourRange.limited, 16, 235), (.full, 0, 255)] as [(ColourRange, UInt8, UInt8)]
        {
            for (luma, level) in [(black, UInt8(0)), (white, 255)] {
                var picture = Picture(
                    format: .nv12, width: 4, height: 4,
                    planes: [
                        .init(bytes: [UInt8](repeating: luma, count: 16), strideBytes: 4),
                        .init(bytes: [UInt8](repeating: 128, count: 8), strideBytes: 4),
                    ])
                picture.range = range
                let bytes = FramePreprocessor(size: 8).bytes(picture)
                #expect(differences(bytes, [UInt8](repeating: level, count: 192)).largest <= 1, "\(range) \(luma)")
            }
        }
    }

    @Test(arguments: [4, 7, 8, 14, 28]) func laysPatchesOutAsTheImage(patchSize: Int) {
        let size = 56
        let picture = Picture.noise(.i420, width: 100, height: 80)
        let preprocessor = FramePreprocessor(size: size, patchSize: patchSize)
        let image = preprocessor.image(picture)
        var expected: [Float] = []
        for top in stride(from: 0, to: size, by: patchSize) {
            for left in stride(from: 0, to: size, by: patchSize) {
                for row in (0..<3).flatMap({ c in (top..<top + patchSize).map { c * size + $0 } }) {
                    expected += image[row * size + left..<row * size + left + patchSize]
                }
            }
        }
        #expect(preprocessor.patches(picture) == expected)
    }

    /// The tables of one picture's size, layout and view must not serve another's.
    @Test func followsAChangeOfSizeFormatAndView() {
        let preprocessor = FramePreprocessor(size: 32)
        let pictures = [
            Picture.noise(.rgb, width: 64, height: 48), .noise(.i420, width: 64, height: 48),
            .noise(.nv12, width: 64, height: 48), .noise(.nv12, width: 2, height: 48),
            .noise(.nv12, width: 64, height: 49),
        ]
        let views = [
            ViewGeometry(), ViewGeometry(rotation: .clockwise270), ViewGeometry(crop: .third(1)),
            ViewGeometry(region: .init(x: 0, y: 0, width: 0.5, height: 1)),
        ]
        for _ in 0..<2 {
            for picture in pictures {
                for view in views {
                    #expect(preprocessor.bytes(picture, view) == FramePreprocessor(size: 32).bytes(picture, view))
                }
            }
        }
    }
}
