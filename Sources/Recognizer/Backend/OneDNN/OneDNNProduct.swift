#if OneDNN
    import COneDNN

    /// A product of one shape, compiled by the library, with what each worker needs to run it.
    ///
    /// `@unchecked Sendable`: the primitive is only read; arguments and scratch memory are one worker's each.
    final class OneDNNProduct: @unchecked Sendable {
        struct Shape: Hashable, Sendable {
            let packing: OneDNNPacking.Shape
            let rows: Int
            /// Whether the product is added to what is there.
            let adds: Bool
            let hasBias: Bool
            /// Of the result, but for int8, whose sums are whole numbers.
            var result = RowType.float32
        }

        private let primitive: dnnl_primitive_t
        private let description: dnnl_primitive_desc_t
        /// (workers)
        private let arguments: UnsafeMutableBufferPointer<cdnnl_arguments>
        private let scratch: OneDNNStaging
        private let engine: OneDNNEngine.Handle

        init(
            _ shape: Shape, _ packing: OneDNNPacking, engine: OneDNNEngine.Handle, workers: Int
        ) throws(RecognizerError) {
            var product = shape.packing.product(
                rows: shape.rows, adds: shape.adds, hasBias: shape.hasBias, result: shape.result)
            let operation = "make a product of \(shape.rows) rows, \(shape.packing.inputs) by \(shape.packing.outputs)"
            var made: (description: dnnl_primitive_desc_t?, primitive: dnnl_primitive_t?)
            var status = cdnnl_describe(&made.description, engine.engine, &product, packing.description)
            if status == dnnl_success { status = dnnl_primitive_create(&made.primitive, made.description) }
            guard let description = made.description, let primitive = made.primitive, status == dnnl_success else {
                if let description = made.description { dnnl_primitive_desc_destroy(description) }
                throw OneDNNEngine.failure(operation, status)
            }
            self.engine = engine
            self.description = description
            self.primitive = primitive
            scratch = OneDNNStaging(
                byteCount: cdnnl_scratch_bytes(description), workers: workers)
            arguments = .allocate(capacity: workers)
            arguments.initialize(repeating: cdnnl_arguments())
            for worker in 0..<workers where status == dnnl_success {
                status = cdnnl_arguments_create(
                    &arguments[worker], engine.engine, description, product.has_bias)
            }
            try OneDNNEngine.check(status, operation)
        }

        deinit {
            for index in arguments.indices { cdnnl_arguments_destroy(&arguments[index]) }
            arguments.deallocate()
            dnnl_primitive_destroy(primitive)
            dnnl_primitive_desc_destroy(description)
        }

        /// Runs on the calling thread, which is worker `worker`.
        func run(
            _ result: UnsafeMutableRawPointer, _ x: UnsafeRawPointer, weights: UnsafeRawPointer,
            bias: UnsafeRawPointer?, engine: OneDNNEngine, worker: Int
        ) {
            let status = cdnnl_run(
                primitive, engine.stream(worker: worker), &arguments[worker], result, x, weights, bias,
                scratch.pointer(worker: worker))
            precondition(status == dnnl_success, "oneDNN cannot run a product that it made: \(status)")
        }
    }
#endif
