import Foundation
import Recognizer

/// Square pictures side by side as one PNG.
struct PictureStrip {
    /// Pictures of a row.
    static let mostAcross = 8

    /// Side of a picture, in pixels.
    let side: Int
    /// (side, side, 3) each.
    let pictures: [[UInt8]]

    /// - Returns: nil for no pictures, and for pictures of another size than `side` says.
    init?(side: Int, pictures: [[UInt8]]) {
        guard side > 0, !pictures.isEmpty, pictures.allSatisfy({ $0.count == side * side * 3 }) else { return nil }
        (self.side, self.pictures) = (side, pictures)
    }

    /// In rows of `mostAcross`; what a last row lacks is transparent.
    var image: PNGImage {
        let across = min(pictures.count, Self.mostAcross)
        let down = (pictures.count + across - 1) / across
        let isFull = pictures.count == across * down
        let colour: PNGImage.Colour = isFull ? .rgb : .rgba
        var pixels: [UInt8] = []
        pixels.reserveCapacity(across * down * side * side * colour.channels)
        for line in 0..<down * side {
            for column in 0..<across {
                let index = line / side * across + column
                let begin = line % side * side * 3
                guard index < pictures.count else {
                    pixels += [UInt8](repeating: 0, count: side * 4)
                    continue
                }
                let row = pictures[index][begin..<begin + side * 3]
                if isFull {
                    pixels += row
                } else {
                    for pixel in 0..<side { pixels += row[(begin + pixel * 3)..<(begin + pixel * 3 + 3)] + [255] }
                }
            }
        }
        return PNGImage(width: across * side, height: down * side, colour: colour, pixels: pixels)
    }

    /// An `img` element.
    func html(describedBy text: String) -> String {
        let across = min(pictures.count, Self.mostAcross)
        return "<img class=\"strip\" width=\"\(across * side)\" alt=\"\(text.inHTML)\" src=\"\(image.dataURI)\">"
    }
}

extension PNGImage {
    var dataURI: String { "data:image/png;base64," + Data(bytes).base64EncodedString() }
}
