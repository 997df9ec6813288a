package import Recognizer

/// The mean brightness of small squares of a picture, taken from the patch matrix that the model reads. For `MotionGate`.
package struct BrightnessCells: Sendable {
    /// Sides of cells are the largest divisor of a patch's up to this.
    private static let longestSide = 8
    /// Shares of red, green and blue in the brightness, after BT.601.
    private static let shares: [Float] = [0.299, 0.587, 0.114]

    private let patches: Int
    private let patchSize: Int
    private let side: Int
    /// What a normalised value of each colour adds to its cell's mean, in levels.
    private let weights: [Float]
    /// (P): one line of cells' columns.
    private var columns: [Float]
    /// (cells): in levels of 0...255 but for a constant that is the same for every picture.
    package private(set) var values: [Float]

    /// - Parameter deviation: of the model's input, R, G, B in 0...255.
    package init(geometry: ModelGeometry, deviation: [Float]) {
        let size = geometry.patchSize
        patches = geometry.patches
        patchSize = size
        let side = (1...Self.longestSide).last { size % $0 == 0 } ?? 1
        self.side = side
        weights = zip(Self.shares, deviation).map { $0 * $1 / Float(side * side) }
        columns = [Float](repeating: 0, count: size)
        values = [Float](repeating: 0, count: patches * (size / side) * (size / side))
    }

    /// Fills `values`.
    /// - Parameter picture: (N, 3*P*P), normalised.
    package mutating func measure(_ picture: UnsafePointer<Float>) {
        let lines = patchSize / side
        for index in values.indices { values[index] = 0 }
        for patch in 0..<patches {
            for colour in weights.indices {
                let plane = picture + (patch * weights.count + colour) * patchSize * patchSize
                for line in 0..<lines {
                    sumColumns(plane + line * side * patchSize)
                    let first = (patch * lines + line) * lines
                    for column in 0..<patchSize {
                        values[first + column / side] += columns[column] * weights[colour]
                    }
                }
            }
        }
    }

    private mutating func sumColumns(_ rows: UnsafePointer<Float>) {
        for column in 0..<patchSize { columns[column] = rows[column] }
        for row in 1..<side {
            let values = rows + row * patchSize
            for column in 0..<patchSize { columns[column] += values[column] }
        }
    }
}
