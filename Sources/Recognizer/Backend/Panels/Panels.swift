import CKernels

/// Layers on our own products, for processors with AVX-512: float32 or bfloat16, or bytes with some layers left in one of these.
///
/// A stream brings one frame of some fifty rows at a time, for which all weights are read. So each worker takes some of the
/// outputs rather than of the rows: the weights pass through the cores once in all, in the order in which they lie, fetched ahead.
struct Panels: LinearFactory {
    private let float: PanelType
    /// Whether the layers that are not in `floatLayers` are computed in bytes.
    private var hasBytes = false
    private var floatLayers: Set<String> = []
    private var store: PackedWeights?
    private var staging: PanelStaging

    /// Layers in float32 or bfloat16; nil where the processor has no such products.
    init?(_ type: PanelType) {
        guard type.runs else { return nil }
        float = type
        staging = PanelStaging()
    }

    /// This factory with bytes for all layers but some; nil where the processor has no products of bytes.
    func quantising(except layers: [String]) -> Panels? {
        guard PanelType.int8.runs else { return nil }
        var copy = self
        copy.hasBytes = true
        copy.floatLayers = Set(layers)
        return copy
    }

    var description: String {
        guard hasBytes else { return "claverd \(float) (\(float.instructions))" }
        let rest = floatLayers.isEmpty ? "" : ", \(floatLayers.count) layers in \(float)"
        return "claverd \(PanelType.int8)\(rest) (\(PanelType.int8.instructions))"
    }

    var attentionType: RowType { float == .bfloat16 ? .bfloat16 : .float32 }

    func forTower() throws -> any LinearFactory {
        var copy = self
        copy.staging = PanelStaging()
        return copy
    }

    var packing: String? {
        "panels \(float)" + (hasBytes ? " int8 but for \(floatLayers.sorted().joined(separator: " "))" : "")
    }

    func packing(into store: PackedWeights) -> any LinearFactory {
        var copy = self
        copy.store = store
        return copy
    }

    func makeLinear(
        name: String, weight: @autoclosure () throws -> Parameter, bias: Parameter?, outputs: Int, inputs: Int
    ) throws -> any Linear {
        let type = hasBytes && !floatLayers.contains(name) ? .int8 : float
        let shape = PanelWeights.Shape(type: type, inputs: inputs, outputs: outputs)
        let weights =
            try store?.bytes(name, count: shape.byteCount).map { PanelWeights(shape, $0) }
            ?? PanelWeights(packing: try weight(), shape)
        store?.keep(name, weights.bytes)
        staging.reserve(rows: PanelLinear.rowsAtOnce, shape)
        return PanelLinear(weights: weights, bias: bias, rowType: attentionType, staging: staging)
    }
}
