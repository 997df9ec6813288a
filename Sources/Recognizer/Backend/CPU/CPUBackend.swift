/// The towers on this machine's cores, with the matrix products of one library.
package struct CPUBackend: Backend {
    let factory: any LinearFactory
    package let pool: WorkerPool

    /// Float32 on OpenBLAS.
    package static func openBLAS(pool: WorkerPool) -> CPUBackend {
        CPUBackend(factory: OpenBLAS(), pool: pool)
    }

    package var description: String { "\(factory.description), \(pool.workers) threads" }

    package func makeVisionTower(
        _ weights: ModelWeights, _ geometry: ModelGeometry, capacity: VisionCapacity
    ) throws -> any VisionTower {
        try CPUVisionTower(weights, geometry, capacity: capacity, factory: factory, pool: pool)
    }

    package func makeTextTower(_ weights: ModelWeights, _ geometry: ModelGeometry) throws -> any TextTower {
        try CPUTextTower(weights, geometry, factory: factory, pool: pool)
    }
}
