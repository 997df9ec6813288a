/// The speed that a backend's matrix products reach on this machine, measured: the roof under which a model runs.
package struct MatrixPeak {
    /// Rows, outputs and inputs of the product: large enough to run at full speed, small enough to stay in the caches.
    private static let shape = (rows: 512, outputs: 2304, inputs: 768)

    /// - Returns: thousand million floating-point operations a second, the best of several runs within about `limit`.
    /// - Throws: `RecognizerError` if the backend cannot make the product.
    package static func measure(_ backend: CPUBackend, within limit: Duration) throws -> Double {
        let (rows, outputs, inputs) = shape
        let weight = FloatBuffer(count: outputs * inputs)
        for index in 0..<weight.count { weight.pointer[index] = Float(index % 17) * 0.01 - 0.08 }
        let x = FloatBuffer(count: rows * inputs)
        for index in 0..<x.count { x.pointer[index] = Float(index % 13) * 0.02 - 0.12 }
        let out = FloatBuffer(count: rows * outputs)
        let layer = try backend.factory.makeLinear(
            name: "peak", weight: Parameter(weight), bias: nil, outputs: outputs, inputs: inputs)
        let work = 2 * Double(rows * outputs * inputs)
        var best = 0.0
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            layer.forward(out.pointer, x.pointer, rows: rows, epilogue: .store, pool: backend.pool)
            best = max(best, work / ((ContinuousClock.now - start) / .seconds(1)) / 1e9)
        }
        return best
    }
}
