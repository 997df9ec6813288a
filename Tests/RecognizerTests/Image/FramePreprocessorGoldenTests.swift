import Recognizer
import TestSupport
import Testing

/// Against OpenCV's filter and libav's and GStreamer's converters.
@Suite struct FramePreprocessorGoldenTests {
    /// Everything the fixture holds, in both of its input sizes and all crops.
    @Test(arguments: PreprocessVariant.allCases.filter(\.isSupported))
    func equalsOpenCVForRGB(variant: PreprocessVariant) throws {
        let goldens = try GoldenTensors(Golden.path("data/preprocess.safetensors"))
        var compared = 0
        for index in 0..<6 {
            let shape = try goldens.shape("\(index).image_u8")
            let picture = Picture(rgb: try goldens.bytes("\(index).image_u8"), width: shape[1], height: shape[0])
            for size in [32, 64] {
                let preprocessor = FramePreprocessor(size: size, variant: variant)
                let crops: [(String, ViewGeometry.Crop)] =
                    [("center\(size).0", .centre)] + (0..<3).map { ("three\(size).\($0)", .third($0)) }
                for (name, crop) in crops {
                    let expected = try goldens.floats("\(index).\(name)")
                    #expect(expected.shape == [3, size, size])
                    expectClose(
                        preprocessor.image(picture, ViewGeometry(crop: crop)), expected.values, .normalisedPixels,
                        "\(index).\(name)")
                    compared += 1
                }
            }
        }
        #expect(compared == 48)
    }

    @Test(arguments: [32, 64]) func scalesToOpenCVsPixels(size: Int) throws {
        let goldens = try GoldenTensors(Golden.path("data/preprocess.safetensors"))
        let preprocessor = FramePreprocessor(size: size)
        for index in 0..<6 {
            let shape = try goldens.shape("\(index).image_u8")
            let picture = Picture(rgb: try goldens.bytes("\(index).image_u8"), width: shape[1], height: shape[0])
            let name = "\(index).center\(size).resized_u8"
            let scaled = try goldens.shape(name)
            let expected = Picture(rgb: try goldens.bytes(name), width: scaled[1], height: scaled[0])
                .cropped(x: (scaled[1] - size) / 2, y: (scaled[0] - size) / 2, width: size, height: size)
            #expect(differences(preprocessor.bytes(picture), expected.planes[0].bytes).largest <= 1, "\(name)")
        }
    }

    /// A part of a real picture, converted by `converter` at full size and then scaled by OpenCV.
    @Test(arguments: ["libav", "gstreamer"], [ColourMatrix.bt601, .bt709, .bt2020])
    func staysWithinTwoLevelsOfConvertingFirst(converter: String, matrix: ColourMatrix) throws {
        let goldens = try GoldenTensors(Golden.path("data/luma-chroma.safetensors"))
        let shape = try goldens.shape("y_u8")
        var picture = Picture(
            format: .i420, width: shape[1], height: shape[0],
            planes: try [("y_u8", shape[1]), ("cb_u8", shape[1] / 2), ("cr_u8", shape[1] / 2)].map {
                Picture.Plane(bytes: try goldens.bytes($0.0), strideBytes: $0.1)
            })
        picture.matrix = matrix
        for range in [ColourRange.limited, .full] {
            picture.range = range
            let expected = try goldens.bytes("\(converter).\(matrix).\(range)_u8")
            let difference = differences(FramePreprocessor(size: 64).bytes(picture), expected)
            #expect(difference.mean <= 2, "\(range)")
        }
    }
}
