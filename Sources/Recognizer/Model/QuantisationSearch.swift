/// Finds the fewest layers that must stay in floating point for int8 to agree with float32.
///
/// Layers are left in floating point in the order of the error that each causes alone: none, then one, two, four, and so on, until
/// nearly all windows agree or so many layers are left that int8 would not be worth it.
package struct QuantisationSearch: Sendable {
    package struct Trial: Sendable, Equatable {
        package let floatLayers: [String]
        package let agreement: Double
    }

    /// Where the search ends early: with reserve above what is required, as other videos agree a little less.
    package static let enough = 0.995

    private let ranked: [String]
    private let most: Int
    private var count = 0
    private var isOver = false
    /// The best so far; of equals, the one with fewer layers in floating point.
    package private(set) var best: Trial?

    /// - Parameter errors: by layer, what its quantisation alone does to a window's feature.
    package init(errors: [String: Double]) {
        ranked = errors.keys.sorted { (errors[$1] ?? 0, $0) < (errors[$0] ?? 0, $1) }
        most = ranked.count / 4
    }

    /// The layers to leave in floating point in the next trial; nil when the search is over.
    package var candidate: [String]? { isOver ? nil : ranked.prefix(count).sorted() }

    /// Takes the share of windows that agreed in the trial of `candidate`.
    package mutating func take(agreement: Double) {
        guard let layers = candidate else { return }
        if agreement > best?.agreement ?? -1 { best = Trial(floatLayers: layers, agreement: agreement) }
        let next = max(1, 2 * count)
        isOver = agreement >= Self.enough || next > most
        count = next
    }

    /// The layers, worst first, with what was measured; for people.
    package var ranking: [String] { ranked }
}
