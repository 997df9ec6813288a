/// How the gradients of an update become the sum over all ranks of a group: stretch by stretch, in the order in which a
/// backward completes them, whether or not one does on this rank.
final class GradientSharing {
    let ranks: RankGroup
    private let exchange: GradientExchange
    /// In the order of the backward.
    private let stretches: [GradientStretch]
    /// Stretches of this update that were handed over.
    private var handed = 0

    init(_ ranks: RankGroup, _ parameters: TrainedParameters, _ geometry: ModelGeometry) {
        self.ranks = ranks
        exchange = GradientExchange(ranks)
        func blocks(_ part: ParameterName.Part, _ count: Int) -> [GradientStretch?] {
            (0..<count).reversed().map { parameters.gradients(of: part, block: $0) } + [parameters.gradients(of: part)]
        }
        let order =
            [parameters.gradients(of: .scale), parameters.gradients(of: .head)]
            + blocks(.temporal, geometry.temporalLayers) + blocks(.spatial, geometry.visionLayers)
            + blocks(.text, geometry.textLayers)
        stretches = order.compactMap(\.self)
    }

    /// An observer of a backward that hands stretches over, then asks another.
    func observer(before other: GradientStretch.Observer?) -> GradientStretch.Observer {
        { stretch in
            other?(stretch)
            self.hand(stretch)
        }
    }

    private func hand(_ stretch: GradientStretch) {
        precondition(
            handed < stretches.count && stretch.range == stretches[handed].range,
            "gradients \(stretch.range) out of their order")
        exchange.add(stretch)
        handed += 1
    }

    /// Hands over what no backward of this update completed, and waits until everything is summed.
    func complete() throws(RankGroupError) {
        while handed < stretches.count { hand(stretches[handed]) }
        try exchange.finish()
    }

    /// - Precondition: `complete`, or nothing was handed over.
    func beginUpdate() {
        precondition(exchange.isIdle && [0, stretches.count].contains(handed), "gradients are still being summed")
        handed = 0
    }
}
