import CKernels
import Foundation

/// Supervised contrastive loss (Khosla et al. 2020) of unit features: those of one class attract each other, all others repel.
struct ContrastiveLoss {
    let temperature: Double

    /// - Parameters:
    ///   - dFeatures: (M, E), overwritten.
    ///   - features: (M, E), of length one.
    ///   - classes: (M); each occurs at least twice.
    ///   - shares: (M, M), scratch.
    /// - Returns: the mean over the features of minus the mean log share of their class's others.
    func run(
        dFeatures: UnsafeMutablePointer<Float>, _ features: UnsafePointer<Float>, classes: [Int], width: Int,
        shares: UnsafeMutablePointer<Float>
    ) -> Double {
        let count = classes.count
        MatrixProduct.timesTransposed(
            shares, stride: count, features, stride: width, features, stride: width, rows: count, columns: count,
            depth: width, keep: 0)
        var members: [Int: Int] = [:]
        for label in classes { members[label, default: 0] += 1 }
        var total = 0.0
        for row in 0..<count {
            let similar = shares + row * count
            let others = Double((members[classes[row]] ?? 1) - 1)
            var largest = -Float.infinity
            for column in 0..<count where column != row { largest = max(largest, similar[column]) }
            let factor = Float(1 / temperature)
            var (sum, own) = (0.0, 0.0)
            for column in 0..<count where column != row {
                sum += Double(ckernels_exp((similar[column] - largest) * factor))
                if classes[column] == classes[row] { own += Double(similar[column] - largest) / temperature }
            }
            total += log(sum) - own / others
            for column in 0..<count {
                let share = column == row ? 0 : Double(ckernels_exp((similar[column] - largest) * factor)) / sum
                let wanted = column != row && classes[column] == classes[row] ? 1 / others : 0
                similar[column] = Float((share - wanted) / (Double(count) * temperature))
            }
        }
        // A product is of two features, and both move.
        MatrixProduct.times(
            dFeatures, stride: width, shares, stride: count, features, stride: width, rows: count, columns: width,
            depth: count, keep: 0)
        MatrixProduct.transposedTimes(
            dFeatures, stride: width, shares, stride: count, features, stride: width, rows: count, columns: width,
            depth: count, keep: 1)
        return total / Double(count)
    }
}
