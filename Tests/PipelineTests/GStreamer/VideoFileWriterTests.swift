import Foundation
import Recognizer
import TestSupport
import Testing

@testable import Pipeline

@Suite(.tags(.gstreamer), .timeLimit(.minutes(1))) struct VideoFileWriterTests {
    private static let side = 64

    /// Each frame has a brightness of its own, and is red on its left.
    private func picture(_ frame: Int) -> [UInt8] {
        (0..<Self.side * Self.side).flatMap { pixel -> [UInt8] in
            let value = UInt8(40 + 8 * frame)
            return pixel % Self.side < Self.side / 2 ? [value, 20, 20] : [value, value, value]
        }
    }

    @Test func framesComeBackInOrderAndInTheirColours() throws {
        try withDatasetFolder { folder in
            let file = try VideoFileWriter(
                "\(folder)/a.mp4", format: .init(width: Self.side, height: Self.side, framesPerSecond: 15))
            for frame in 0..<20 { try file.append(picture(frame)) }
            try file.finish()
            let found = try ClipFrames.thumbnails(
                location: .file(path: "\(folder)/a.mp4"), side: Self.side
            ) { total in
                #expect(total == 20)
                return Array(0..<total)
            }
            for (index, frame) in found.enumerated() {
                for (x, y) in [(10, 10), (50, 30), (20, 60)] {
                    let at = (y * Self.side + x) * 3
                    expectClose(
                        frame[at..<at + 3].map(Float.init), picture(index)[at..<at + 3].map(Float.init),
                        Tolerance(absolute: 8), "frame \(index) at \(x), \(y)")
                }
            }
        }
    }

    /// Up to the index of the file, which says when it was made.
    private func media(_ path: String) throws -> Data {
        let file = try Data(contentsOf: URL(filePath: path))
        return file[..<(try #require(file.range(of: Data("moov".utf8), options: .backwards)).lowerBound)]
    }

    @Test func theSamePicturesMakeTheSameFileEachTime() throws {
        var pictures: [[UInt8]] = []
        SynthClip(.train, .bowing, index: 0).draw(seed: 1) { pictures.append($0) }
        try withDatasetFolder { folder in
            let files = try (0..<6).map { number in
                let path = "\(folder)/\(number).mp4"
                let file = try VideoFileWriter(
                    path, format: .init(width: SynthPicture.side, height: SynthPicture.side, framesPerSecond: 15))
                for picture in pictures { try file.append(picture) }
                try file.finish()
                return try media(path)
            }
            #expect(files[0].count > 5000 && files.allSatisfy { $0 == files[0] }, "\(files.map(\.count))")
        }
    }

    @Test func saysWhyAFileCannotBeMade() throws {
        do {
            let file = try VideoFileWriter("/nowhere/a.mp4", format: .init(width: 64, height: 64, framesPerSecond: 15))
            try file.append(picture(0))
            try file.finish()
            Issue.record("written")
        } catch {
            guard case .unwritable("/nowhere/a.mp4", let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.contains("No such file or directory"))
        }
    }
}
