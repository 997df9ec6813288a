import Synchronization

/// Which layers of a model are computed in bytes, while it is found out which of them can be.
package final class LayerSwitches: Sendable {
    private struct State {
        var names: [String] = []
        var inBytes: Set<String> = []
    }

    private let state = Mutex(State())

    init() {}

    /// Layers that have a form in bytes, in the order of their making.
    package var names: [String] { state.withLock { $0.names } }

    /// Has these computed in bytes, the others in floating point.
    package func compute(inBytes layers: some Sequence<String>) {
        let layers = Set(layers)
        state.withLock { $0.inBytes = layers }
    }

    fileprivate func add(_ name: String) {
        state.withLock { $0.names.append(name) }
    }

    fileprivate func isInBytes(_ name: String) -> Bool {
        state.withLock { $0.inBytes.contains(name) }
    }
}

/// Makes every layer in both forms.
struct SwitchableFactory: LinearFactory {
    let float: any LinearFactory
    let bytes: any LinearFactory
    let switches: LayerSwitches

    var description: String { float.description }
    var attentionType: RowType { float.attentionType }

    func makeLinear(
        name: String, weight: @autoclosure () throws -> Parameter, bias: Parameter?, outputs: Int, inputs: Int
    ) throws -> any Linear {
        let weight = try weight()
        switches.add(name)
        return SwitchableLinear(
            name: name,
            float: try float.makeLinear(name: name, weight: weight, bias: bias, outputs: outputs, inputs: inputs),
            bytes: try bytes.makeLinear(name: name, weight: weight, bias: bias, outputs: outputs, inputs: inputs),
            switches: switches)
    }
}

private struct SwitchableLinear: Linear {
    let name: String
    let float: any Linear
    let bytes: any Linear
    let switches: LayerSwitches

    var inputs: Int { float.inputs }
    var outputs: Int { float.outputs }

    func forward(_ out: Activations, _ x: Activations, rows: Int, epilogue: LinearEpilogue, pool: WorkerPool) {
        let layer = switches.isInBytes(name) ? bytes : float
        layer.forward(out, x, rows: rows, epilogue: epilogue, pool: pool)
    }
}

extension CPUBackend {
    /// A backend whose layers are switched one by one, in floating point at first.
    ///
    /// - Throws: `RecognizerError.precision` where there are no products of bytes.
    package static func switchable(pool: WorkerPool) throws(RecognizerError) -> (CPUBackend, LayerSwitches) {
        let switches = LayerSwitches()
        let factory = SwitchableFactory(
            float: try float32(pool: pool).factory, bytes: try narrow(.int8, pool: pool).factory, switches: switches)
        return (CPUBackend(factory: factory, pool: pool), switches)
    }
}
