/// The towers on this machine's cores, with the matrix products of one library.
package struct CPUBackend: Backend {
    let factory: any LinearFactory
    /// For texts, which int8 is not for.
    let textFactory: any LinearFactory
    package let textPrecision: Precision?
    package let pool: WorkerPool
    /// Where the image side's packed weights are kept from one start to the next.
    package var packedWeights: PackedWeightsCache?

    init(
        factory: any LinearFactory, textFactory: (any LinearFactory)? = nil, textPrecision: Precision? = nil,
        pool: WorkerPool
    ) {
        self.factory = factory
        self.textFactory = textFactory ?? factory
        self.textPrecision = textPrecision
        self.pool = pool
    }

    /// Float32 on OpenBLAS.
    package static func openBLAS(pool: WorkerPool) -> CPUBackend {
        CPUBackend(factory: OpenBLAS(), pool: pool)
    }

    package var description: String { "\(factory.description), \(pool.workers) threads" }

    package func makeVisionTower(
        _ weights: ModelWeights, _ geometry: ModelGeometry, capacity: VisionCapacity
    ) throws -> any VisionTower {
        let factory = try factory.forTower()
        guard let packing = factory.packing, let digest = weights.digest, let packedWeights else {
            return try CPUVisionTower(weights, geometry, capacity: capacity, factory: factory, pool: pool)
        }
        let store = packedWeights.open(weightsDigest: digest, packing: packing)
        let tower = try CPUVisionTower(
            weights, geometry, capacity: capacity, factory: factory.packing(into: store), pool: pool)
        packedWeights.save(store)
        return tower
    }

    package func makeTextTower(_ weights: ModelWeights, _ geometry: ModelGeometry) throws -> any TextTower {
        try CPUTextTower(weights, geometry, factory: textFactory.forTower(), pool: pool)
    }
}
