import CKernels

/// Adds to every token of a frame the temporal embedding of the frame's place in the window, in place; and its backward.
struct SlotLayer {
    private let frames: Int
    private let tokens: Int
    private let width: Int
    /// (T, D)
    private let embedding: ParameterSlot

    init(_ parameters: TrainedParameters, _ geometry: ModelGeometry) {
        frames = geometry.frames
        tokens = geometry.tokens
        width = geometry.visionWidth
        embedding = parameters.slot("visual.temporal_embedding")
    }

    /// - Parameters:
    ///   - out: (B, T, L, D)
    ///   - x: (B, T, L, D), may be `out`.
    func forward(
        _ out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, clips: Int, _ work: TrainingWorkspace
    ) {
        work.pool.forEach(parts: clips * frames) { part, _ in
            let slot = embedding.value + part % frames * width
            for row in part * tokens..<(part + 1) * tokens {
                work.kernels.add_scaled_rows(out + row * width, x + row * width, slot, nil, 1, width)
            }
        }
    }

    /// Adds into the embedding's gradient; that of `x` is `dOut`, (B, T, L, D).
    func backward(_ dOut: UnsafePointer<Float>, clips: Int, _ work: TrainingWorkspace) {
        guard let gradient = embedding.gradient else { return }
        work.pool.forEach(parts: frames) { frame, _ in
            for clip in 0..<clips {
                let rows = dOut + (clip * frames + frame) * tokens * width
                work.kernels.add_columns(gradient + frame * width, rows, width, tokens, width)
            }
        }
    }
}
