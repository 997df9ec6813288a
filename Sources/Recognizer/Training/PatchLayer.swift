import CKernels

/// From patches to the first spatial block: patch embedding, class token, positions and `ln_pre`; and its backward.
struct PatchLayer {
    private let geometry: ModelGeometry
    private let width: Int
    private let embedding: AffineLayer
    /// (D)
    private let classToken: ParameterSlot
    /// (L, D)
    private let positions: ParameterSlot
    private let norm: NormLayer

    init(_ parameters: TrainedParameters, _ geometry: ModelGeometry) {
        self.geometry = geometry
        width = geometry.visionWidth
        embedding = AffineLayer(
            weight: parameters.slot("visual.conv1.weight"), bias: nil, outputs: width, inputs: geometry.patchValues)
        classToken = parameters.slot("visual.class_embedding")
        positions = parameters.slot("visual.positional_embedding")
        norm = NormLayer(parameters, "visual.ln_pre", width: width)
    }

    /// What the forward leaves for the backward, besides the patches.
    struct Tape {
        /// (F * L, D), before the norm.
        let assembled: UnsafeMutablePointer<Float>
        /// (F * L, 2)
        let statistics: UnsafeMutablePointer<Float>

        init(rows: Int, width: Int, _ arena: inout ArenaCursor) {
            assembled = arena.take(rows * width)
            statistics = arena.take(rows * 2)
        }
    }

    /// - Parameters:
    ///   - out: (F * L, D)
    ///   - patches: (F, N, 3*P*P)
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ patches: UnsafePointer<Float>, _ tape: Tape, frames: Int,
        _ work: TrainingWorkspace
    ) {
        let (patchCount, tokens, kernels) = (geometry.patches, geometry.tokens, work.kernels)
        let packed = work.pack([embedding], .forward)
        work.eachChunk(of: frames * patchCount) { range, worker in
            let embedded = work.scratch(worker: worker)
            packed[0].forward(
                embedded, patches + range.lowerBound * geometry.patchValues, rows: range.count, work, worker: worker)
            for row in range {
                let (frame, token) = (row / patchCount, row % patchCount + 1)
                kernels.add_scaled_rows(
                    tape.assembled + (frame * tokens + token) * width, positions.value + token * width,
                    embedded + (row - range.lowerBound) * width, nil, 1, width)
            }
        }
        work.eachChunk(of: frames * tokens) { range, _ in
            for row in range where row % tokens == 0 {
                kernels.add_scaled_rows(
                    tape.assembled + row * width, positions.value, classToken.value, nil, 1, width)
            }
            let at = range.lowerBound * width
            norm.forward(
                out + at, statistics: tape.statistics + 2 * range.lowerBound, tape.assembled + at, rows: range.count,
                kernels)
        }
    }

    /// - Parameters:
    ///   - dOut: (F * L, D)
    ///   - scratch: (2, F * L, D)
    func backward(
        _ dOut: UnsafePointer<Float>, _ patches: UnsafePointer<Float>, _ tape: Tape,
        scratch: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>), frames: Int, _ work: TrainingWorkspace
    ) {
        let (patchCount, tokens, kernels) = (geometry.patches, geometry.tokens, work.kernels)
        let (dAssembled, dEmbedded) = scratch
        work.eachChunk(of: frames * tokens, summing: norm) { range, _, dNorm in
            let at = range.lowerBound * width
            norm.backward(
                dAssembled + at, recomputing: nil, dNorm, dOut + at, residual: nil, tape.assembled + at,
                statistics: tape.statistics + 2 * range.lowerBound, rows: range.count, kernels)
            for row in range where row % tokens != 0 {
                let to = row / tokens * patchCount + row % tokens - 1
                (dEmbedded + to * width).update(from: dAssembled + row * width, count: width)
            }
        }
        work.pool.forEach(parts: tokens) { token, _ in
            let first = dAssembled + token * width
            if let gradient = positions.gradient {
                kernels.add_columns(gradient + token * width, first, tokens * width, frames, width)
            }
            if token == 0, let gradient = classToken.gradient {
                kernels.add_columns(gradient, first, tokens * width, frames, width)
            }
        }
        work.sums.run([embedding.gradient(dEmbedded, patches, rows: frames * patchCount)], work.pool)
    }
}
