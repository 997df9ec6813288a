#if OneDNN
    import COneDNN

    /// Layers on oneDNN: float32 or bfloat16, or bytes with some layers left in one of these.
    struct OneDNN: LinearFactory {
        private var engine: OneDNNEngine
        private let float: OneDNNPacking.Kind
        /// For the layers that are not in `floatLayers`; nil when all stay in floating point.
        private var bytes: OneDNNPacking.Kind?
        private var floatLayers: Set<String> = []
        private var store: PackedWeights?

        private static let usual = (inputs: 768, outputs: 768)

        /// A factory for a type, in the form whose weights the library packs; nil if it packs none or has no such products.
        static func packing(_ type: OneDNNType, workers: Int) throws(RecognizerError) -> OneDNN? {
            let engine = try OneDNNEngine(workers: workers)
            return kind(type, engine).map { OneDNN(engine: engine, float: $0) }
        }

        private init(engine: OneDNNEngine, float: OneDNNPacking.Kind) {
            self.engine = engine
            self.float = float
        }

        private static func kind(_ type: OneDNNType, _ engine: OneDNNEngine) -> OneDNNPacking.Kind? {
            OneDNNForm.allCases.map { OneDNNPacking.Kind(type: type, form: $0) }.first { kind in
                (try? engine.packing(.init(kind: kind, inputs: usual.inputs, outputs: usual.outputs)))?.isPacked == true
            }
        }

        /// This factory with bytes for all layers but some; nil where the library packs no bytes.
        func quantising(except layers: [String]) -> OneDNN? {
            guard let bytes = Self.kind(.int8, engine) else { return nil }
            var copy = self
            copy.bytes = bytes
            copy.floatLayers = Set(layers)
            return copy
        }

        var description: String {
            let rest = floatLayers.isEmpty ? "" : ", \(floatLayers.count) layers in \(float.type)"
            let type = bytes.map { "\($0.type)\(rest)" } ?? "\(float.type)"
            return "oneDNN \(LinkedLibrary.oneDNN?.version ?? "") \(type) (\(implementation(of: bytes ?? float)))"
        }

        var attentionType: RowType { float.type == .bfloat16 ? .bfloat16 : .float32 }

        private func implementation(of kind: OneDNNPacking.Kind) -> String {
            let shape = OneDNNPacking.Shape(kind: kind, inputs: Self.usual.inputs, outputs: Self.usual.outputs)
            return (try? engine.packing(shape))?.implementation ?? "none"
        }

        func forTower() throws -> any LinearFactory {
            var copy = self
            copy.engine = try OneDNNEngine(workers: engine.workers)
            return copy
        }

        var packing: String? {
            "oneDNN \(LinkedLibrary.oneDNN?.version ?? "") \(CPUBackend.processor) \(float.type) "
                + "\(implementation(of: float)) "
                + (bytes.map { "\(implementation(of: $0)) \(floatLayers.sorted().joined(separator: " "))" } ?? "")
        }

        func packing(into store: PackedWeights) -> any LinearFactory {
            var copy = self
            copy.store = store
            return copy
        }

        func makeLinear(
            name: String, weight: @autoclosure () throws -> Parameter, bias: Parameter?, outputs: Int, inputs: Int
        ) throws -> any Linear {
            if let bytes, !floatLayers.contains(name) {
                let packing = try engine.packing(.init(kind: bytes, inputs: inputs, outputs: outputs))
                let byteCount = OneDNNInt8Linear.byteCount(packing)
                let packed =
                    try store?.bytes(name, count: byteCount)
                    ?? OneDNNInt8Linear.pack(try weight(), packing, engine)
                if !packing.isPadded { store?.keep(name, packed) }
                // Made now, so that what cannot be made is told at load.
                _ = try engine.product(
                    .init(packing: packing.shape, rows: 1, adds: false, hasBias: false), packing)
                return OneDNNInt8Linear(weights: packed, bias: bias, packing: packing, engine: engine)
            }
            let packing = try engine.packing(.init(kind: float, inputs: inputs, outputs: outputs))
            let packed = try store?.bytes(name, count: packing.byteCount) ?? pack(try weight(), packing)
            if !packing.isPadded { store?.keep(name, packed) }
            for adds in [false, true] {
                _ = try engine.product(
                    .init(packing: packing.shape, rows: 1, adds: adds, hasBias: bias != nil), packing)
            }
            if float.type == .bfloat16 {
                _ = try engine.product(
                    .init(packing: packing.shape, rows: 1, adds: false, hasBias: bias != nil, result: .bfloat16),
                    packing)
            }
            return OneDNNLinear(weights: packed, bias: bias, packing: packing, engine: engine)
        }

        private func pack(_ weight: Parameter, _ packing: OneDNNPacking) throws -> PackedBytes {
            let memory = AlignedBytes(byteCount: packing.byteCount)
            try packing.pack(memory.base, weight.pointer, engine)
            return withExtendedLifetime(weight) { PackedBytes(memory) }
        }
    }
#endif
