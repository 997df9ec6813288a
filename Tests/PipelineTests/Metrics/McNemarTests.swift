import Testing

@testable import Pipeline

@Suite struct McNemarTests {
    /// SciPy: `binomtest(b, b + c, 0.5).pvalue`, and `chi2.sf((|b - c| - 1)² / (b + c), 1)` from 25 clips on.
    @Test(arguments: [
        (0, 0, 1), (1, 9, 0.021484375), (3, 3, 1), (10, 14, 0.5412561893463135), (14, 10, 0.5412561893463135),
        (5, 20, 0.005110260660855866), (30, 60, 0.0022366244452098703), (12, 13, 1),
    ])
    func equalsSciPy(onlyA: Int, onlyB: Int, expected: Double) {
        let test = McNemar(onlyA: onlyA, onlyB: onlyB)
        #expect(test.method == (onlyA + onlyB < 25 ? .exact : .chiSquare))
        #expect(abs(test.pValue - expected) < 1e-9, "\(test.pValue)")
    }
}
