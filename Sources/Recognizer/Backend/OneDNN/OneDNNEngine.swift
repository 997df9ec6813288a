#if OneDNN
    import COneDNN
    import Synchronization

    /// oneDNN's engine, a stream for each worker, and the products made so far, which all layers of a shape share.
    ///
    /// The library's own threads are off, and its scratch memory is ours: a worker's call touches nothing but what that worker
    /// owns.
    ///
    /// `@unchecked Sendable`: handles of the library that it lets several threads read; a stream belongs to one worker.
    final class OneDNNEngine: @unchecked Sendable {
        let handle: Handle
        let workers: Int
        private let streams: [dnnl_stream_t]
        private let setThreads: (@convention(c) (CInt) -> Void)?
        private let packings = Mutex<[OneDNNPacking.Shape: OneDNNPacking]>([:])
        private let products = Mutex<[OneDNNProduct.Shape: OneDNNProduct]>([:])
        private let latestStaging = Mutex<OneDNNStaging?>(nil)

        /// Lives as long as anything that the library made with it.
        final class Handle: @unchecked Sendable {
            let engine: dnnl_engine_t

            init() throws(RecognizerError) {
                var engine: dnnl_engine_t?
                try OneDNNEngine.check(dnnl_engine_create(&engine, dnnl_cpu, 0), "make an engine")
                guard let engine else { throw OneDNNEngine.failure("make an engine", dnnl_out_of_memory) }
                self.engine = engine
            }

            deinit { dnnl_engine_destroy(engine) }
        }

        init(workers: Int) throws(RecognizerError) {
            handle = try Handle()
            var streams: [dnnl_stream_t] = []
            var status = dnnl_success
            for _ in 0..<workers where status == dnnl_success {
                var stream: dnnl_stream_t?
                status = dnnl_stream_create(&stream, handle.engine, dnnl_stream_default_flags.rawValue)
                if let stream { streams.append(stream) }
            }
            self.workers = workers
            self.streams = streams
            setThreads = cdnnl_thread_setter()
            try Self.check(status, "make a stream")
        }

        deinit {
            for stream in streams { dnnl_stream_destroy(stream) }
        }

        /// A worker's stream, the library's threads off on the thread that calls.
        func stream(worker: Int) -> dnnl_stream_t {
            setThreads?(1)
            return streams[worker]
        }

        /// How the weights of a shape lie.
        func packing(_ shape: OneDNNPacking.Shape) throws(RecognizerError) -> OneDNNPacking {
            if let known = packings.withLock({ $0[shape] }) { return known }
            setThreads?(1)
            let packing = try OneDNNPacking(shape, engine: handle)
            packings.withLock { $0[shape] = packing }
            return packing
        }

        /// The product of a shape, made when it is first asked for.
        func product(_ shape: OneDNNProduct.Shape, _ packing: OneDNNPacking) throws(RecognizerError) -> OneDNNProduct {
            if let known = products.withLock({ $0[shape] }) { return known }
            setThreads?(1)
            let product = try OneDNNProduct(shape, packing, engine: handle, workers: workers)
            products.withLock { $0[shape] = product }
            return product
        }

        /// Staging memory of at least so many bytes for each worker, the same for all layers that it is enough for.
        func staging(byteCount: Int) -> OneDNNStaging {
            latestStaging.withLock { latest in
                if let latest, latest.byteCount >= byteCount { return latest }
                let staging = OneDNNStaging(byteCount: byteCount, workers: workers)
                latest = staging
                return staging
            }
        }

        static func check(_ status: dnnl_status_t, _ operation: String) throws(RecognizerError) {
            guard status == dnnl_success else { throw failure(operation, status) }
        }

        static func failure(_ operation: String, _ status: dnnl_status_t) -> RecognizerError {
            .library(name: "oneDNN", operation: operation, reason: String(cString: dnnl_status2str(status)))
        }
    }

    /// Each worker's memory for rows in another type and for sums.
    ///
    /// `@unchecked Sendable`: a worker uses its own part alone.
    final class OneDNNStaging: @unchecked Sendable {
        let byteCount: Int
        private let memory: UnsafeMutableRawPointer

        init(byteCount: Int, workers: Int) {
            self.byteCount = (byteCount + 63) / 64 * 64
            memory = .allocate(byteCount: max(self.byteCount * workers, 64), alignment: 64)
        }

        deinit { memory.deallocate() }

        func pointer(worker: Int) -> UnsafeMutableRawPointer { memory + worker * byteCount }
    }
#endif
