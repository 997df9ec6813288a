import CKernels

/// A layer with its weights in the order in which one of the two products reads them, and that product.
///
/// Weights change with every update and are used by all rows of a batch, so they are packed once for each use of a layer
/// rather than once for each part of the rows, as a matrix library would. In float32 they stand as the backward reads them.
struct PackedLayer {
    enum Direction {
        /// `x Wᵀ + b`
        case forward
        /// `dOut W`
        case backward
    }

    private let layer: AffineLayer
    private let weights: UnsafePointer<Float>

    fileprivate init(_ layer: AffineLayer, _ weights: UnsafePointer<Float>) {
        self.layer = layer
        self.weights = weights
    }

    /// - Parameters:
    ///   - out: (rows, outputs)
    ///   - outLayout: nil where the rows stand one after the other, likewise `xLayout`.
    ///   - x: (rows, inputs)
    func forward(
        _ out: UnsafeMutablePointer<Float>, outLayout: MatrixLayout? = nil, _ x: UnsafePointer<Float>,
        xLayout: MatrixLayout? = nil, rows: Int, _ work: TrainingWorkspace, worker: Int
    ) {
        work.kernels.product_packed(
            out, outLayout ?? .rows(width: layer.outputs), x, xLayout ?? .rows(width: layer.inputs), weights,
            layer.bias, rows, layer.inputs, layer.outputs,
            work.tiles(worker: worker))
    }

    /// - Parameters:
    ///   - dX: (rows, inputs)
    ///   - dXLayout: nil where the rows stand one after the other.
    ///   - dOut: (rows, outputs)
    func backward(
        _ dX: UnsafeMutablePointer<Float>, dXLayout: MatrixLayout? = nil, _ dOut: UnsafePointer<Float>, rows: Int,
        _ work: TrainingWorkspace, worker: Int
    ) {
        work.kernels.product_packed(
            dX, dXLayout ?? .rows(width: layer.inputs), dOut, .rows(width: layer.outputs), weights, nil, rows,
            layer.outputs,
            layer.inputs, work.tiles(worker: worker))
    }
}

/// Memory for packed weights, of those layers that are used together.
final class WeightPacking {
    private var memory = PagedFloats(count: 0)

    /// Packs layers for one direction, unless their weights stand as it reads them; what was packed before is gone.
    func pack(
        _ layers: [AffineLayer], _ direction: PackedLayer.Direction, _ pool: WorkerPool,
        _ kernels: ckernels_training_functions
    ) -> [PackedLayer] {
        if direction == .backward, layers.allSatisfy({ $0.panel == kernels.panel }) {
            return layers.map { PackedLayer($0, $0.weight) }
        }
        let width = kernels.panel
        // Floats of a packed column.
        func packedDepth(_ layer: AffineLayer) -> Int {
            ((direction == .forward ? layer.inputs : layer.outputs) + kernels.steps - 1) / kernels.steps
        }
        func columns(_ layer: AffineLayer) -> Int { direction == .forward ? layer.outputs : layer.inputs }
        let needed = layers.reduce(0) { $0 + packedDepth($1) * columns($1) }
        if memory.count < needed { memory = PagedFloats(count: needed) }
        var panels: [Panel] = []
        var packed: [PackedLayer] = []
        var offset = 0
        for layer in layers {
            packed.append(PackedLayer(layer, memory.pointer + offset))
            let depth = direction == .forward ? layer.inputs : layer.outputs
            let (packedDepth, columns) = (packedDepth(layer), columns(layer))
            precondition(columns.isMultiple(of: 64), "\(columns) columns")
            for column in stride(from: 0, to: columns, by: width) {
                let to = memory.pointer + offset + column * packedDepth
                let panel =
                    switch (direction, layer.panel) {
                    case (.forward, let run?):
                        Panel(
                            to: to, from: layer.weight + column * run, rowStep: 1, columnStep: run, depth: run,
                            runs: depth / run, runStep: run * layer.outputs)
                    case (.forward, nil):
                        Panel(
                            to: to, from: layer.weight + column * layer.inputs, rowStep: 1, columnStep: layer.inputs,
                            depth: depth)
                    case (.backward, _):
                        Panel(to: to, from: layer.weight + column, rowStep: layer.inputs, columnStep: 1, depth: depth)
                    }
                panels.append(panel)
            }
            offset += packedDepth * columns
        }
        // Several panels a part: one alone is soon done.
        let each = 2
        pool.forEach(parts: (panels.count + each - 1) / each) { part, _ in
            for panel in panels[part * each..<min((part + 1) * each, panels.count)] {
                for run in 0..<panel.runs {
                    kernels.pack(
                        panel.to + run * panel.depth * width, panel.from + run * panel.runStep, panel.rowStep,
                        panel.columnStep, panel.depth)
                }
            }
            ckernels_end_of_stream()
        }
        return packed
    }

    private struct Panel {
        let to: UnsafeMutablePointer<Float>
        let from: UnsafePointer<Float>
        let rowStep, columnStep, depth: Int
        /// Stretches of the depth, and the floats from where one stands to where the next does.
        var runs = 1, runStep = 0
    }
}
