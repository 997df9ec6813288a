#if OneDNN
    import COneDNN

    /// How oneDNN wants the weights of a layer to lie.
    ///
    /// `@unchecked Sendable`: a description of the library's that is only read.
    final class OneDNNPacking: @unchecked Sendable {
        /// Element types and the way to compute; see `cdnnl_product`.
        struct Kind: Hashable, Sendable {
            let type: OneDNNType
            let form: OneDNNForm
        }

        struct Shape: Hashable, Sendable {
            let kind: Kind
            let inputs: Int
            let outputs: Int
        }

        /// Rows of the product that the layout is asked for; those of a usual part of a batch.
        private static let rows = 64

        let shape: Shape
        let description: dnnl_primitive_desc_t
        private let engine: OneDNNEngine.Handle

        /// - Throws: `RecognizerError.library` where the processor has no such products.
        init(_ shape: Shape, engine: OneDNNEngine.Handle) throws(RecognizerError) {
            var product = shape.product(rows: Self.rows)
            var description: dnnl_primitive_desc_t?
            try OneDNNEngine.check(
                cdnnl_describe(&description, engine.engine, &product, nil),
                "make a \(shape.kind.type) product of \(shape.inputs) by \(shape.outputs)")
            guard let description else { throw OneDNNEngine.failure("make a product", dnnl_out_of_memory) }
            self.shape = shape
            self.engine = engine
            self.description = description
        }

        deinit { dnnl_primitive_desc_destroy(description) }

        var byteCount: Int { cdnnl_packed_bytes(description) }
        /// Whether the library rearranges the weights, which is what makes it fast.
        var isPacked: Bool { cdnnl_packs(description) != 0 }
        /// Whether there is padding, as odd sizes have, which the library may write whenever it is given the weights; a mapped file
        /// cannot be written.
        var isPadded: Bool { byteCount != shape.inputs * shape.outputs * shape.kind.type.byteCount }
        /// The library's name for the code that runs.
        var implementation: String { String(cString: cdnnl_implementation(description)) }

        /// Packs (outputs, inputs) weights: float32, or signed bytes for `.int8`.
        func pack(
            _ packed: UnsafeMutableRawPointer, _ weights: UnsafeRawPointer, _ engine: OneDNNEngine
        ) throws(RecognizerError) {
            var product = shape.product(rows: Self.rows)
            try OneDNNEngine.check(
                cdnnl_pack(packed, weights, engine.handle.engine, engine.stream(worker: 0), &product, description),
                "pack weights")
        }
    }

    /// The types of a product.
    enum OneDNNType: Int32, Sendable, CustomStringConvertible {
        case float32, bfloat16, int8

        /// Of a weight.
        var byteCount: Int {
            switch self {
            case .float32: 4
            case .bfloat16: 2
            case .int8: 1
            }
        }

        var description: String {
            switch self {
            case .float32: "float32"
            case .bfloat16: "bfloat16"
            case .int8: "int8"
            }
        }
    }

    /// The operation of the library's that a product is asked for as.
    enum OneDNNForm: Int32, Sendable, CaseIterable {
        case matmul, convolution
    }

    extension OneDNNPacking.Shape {
        func product(
            rows: Int, adds: Bool = false, hasBias: Bool = false, result: RowType = .float32
        ) -> cdnnl_product {
            cdnnl_product(
                rows: rows, inputs: inputs, outputs: outputs, type: kind.type.rawValue, form: kind.form.rawValue,
                epilogue: CInt(adds ? CDNNL_ACCUMULATE : CDNNL_STORE), has_bias: hasBias ? 1 : 0,
                has_half_result: result == .bfloat16 ? 1 : 0)
        }
    }
#endif
