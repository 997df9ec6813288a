import Glibc

#if MPI
    import CMPI
#endif

/// The processes that `mpirun` started together, each on its part of the work; one of them, rank 0, leads.
///
/// Used from one thread at a time, not always the same one. What all ranks take part in they must call in the same order.
package final class RankGroup {
    /// 0..<`count`
    package let rank: Int
    package let count: Int
    /// Processors for this rank's threads: those that it may use, shared with the other ranks that may.
    package private(set) var processors = 1
    /// Ranks on this machine.
    package private(set) var localCount = 1

    /// The group that this process was started in; nil when it was started alone. Open MPI says so in the environment, so
    /// that nothing of it runs in a process of its own.
    ///
    /// - Throws: `RankGroupError` if Open MPI does not start, or this program was built without it.
    package static func start(environment: [String: String]) throws(RankGroupError) -> RankGroup? {
        guard let count = environment["OMPI_COMM_WORLD_SIZE"].flatMap({ Int($0) }), count > 1 else { return nil }
        #if MPI
            let code = cmpi_start()
            guard code == 0 else { throw .failed(operation: "start", code: Int(code)) }
            let group = RankGroup(rank: Int(cmpi_rank()), count: Int(cmpi_count()))
            try group.shareProcessors()
            return group
        #else
            throw .unavailable
        #endif
    }

    private init(rank: Int, count: Int) {
        self.rank = rank
        self.count = count
    }

    private func shareProcessors() throws(RankGroupError) {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = name.map { UInt8(bitPattern: $0) }
        let own = Processors.allowed
        let all = try gather(host + own.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        let onThisMachine = all.filter { $0.starts(with: host) }.map { bytes in
            stride(from: host.count, to: bytes.count, by: 2).map { Int(bytes[$0]) + Int(bytes[$0 + 1]) << 8 }
        }
        localCount = onThisMachine.count
        processors = Processors.share(of: own, among: onThisMachine)
    }

    /// Rank 0's answer, on every rank.
    package func agree(on answer: Bool) throws(RankGroupError) -> Bool {
        guard rank == 0 else { return try receive(from: 0) == [1] }
        for other in 1..<count {
            let outcome = withUnsafeBytes(of: UInt8(answer ? 1 : 0)) { bytes in
                Result { () throws(RankGroupError) in try send(bytes, to: other) }
            }
            try outcome.get()
        }
        return answer
    }

    #if MPI
        /// Sends bytes to another rank and returns when they may be forgotten here.
        package func send(_ bytes: UnsafeRawBufferPointer, to rank: Int) throws(RankGroupError) {
            let code = cmpi_send(bytes.baseAddress, Int32(bytes.count), Int32(rank))
            guard code == 0 else { throw .failed(operation: "send", code: Int(code)) }
        }

        /// Waits for what another rank sends next.
        package func receive(from rank: Int) throws(RankGroupError) -> [UInt8] {
            var size: Int32 = 0
            var code = cmpi_next_size(Int32(rank), &size)
            guard code == 0 else { throw .failed(operation: "receive", code: Int(code)) }
            let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, initialized in
                code = cmpi_receive(buffer.baseAddress, size, Int32(rank))
                initialized = Int(size)
            }
            guard code == 0 else { throw .failed(operation: "receive", code: Int(code)) }
            return bytes
        }

        /// Adds up each value over all ranks, in float32, in place on every rank, with the same bits.
        package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(RankGroupError) {
            let code = cmpi_sum(values.baseAddress, Int32(values.count))
            guard code == 0 else { throw .failed(operation: "sum", code: Int(code)) }
        }

        /// Puts rank 0's bytes in place of every rank's.
        package func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws(RankGroupError) {
            for begin in stride(from: 0, to: bytes.count, by: Self.piece) {
                let count = min(Self.piece, bytes.count - begin)
                let code = cmpi_broadcast(bytes.baseAddress.map { $0 + begin }, Int32(count))
                guard code == 0 else { throw .failed(operation: "broadcast", code: Int(code)) }
            }
        }

        /// The bytes of every rank, by rank, on every rank; less than 2 GiB together.
        package func gather(_ own: [UInt8]) throws(RankGroupError) -> [[UInt8]] {
            var sizes = [Int32](repeating: 0, count: count)
            var code = cmpi_gather_sizes([Int32(own.count)], &sizes)
            guard code == 0 else { throw .failed(operation: "gather", code: Int(code)) }
            let ends = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
            var all = [UInt8](repeating: 0, count: ends[count])
            code = cmpi_gather(own, Int32(own.count), &all, sizes, ends.map { Int32($0) })
            guard code == 0 else { throw .failed(operation: "gather", code: Int(code)) }
            return (0..<count).map { Array(all[ends[$0]..<ends[$0 + 1]]) }
        }

        private static let piece = 1 << 30

        /// Ends this process's part; no other call may follow. Every rank calls it.
        package func finish() { cmpi_finish() }

        /// Ends every process of the group with a status.
        package func abort(status: Int32) -> Never {
            cmpi_abort(status)
        }
    #else
        package func send(_ bytes: UnsafeRawBufferPointer, to rank: Int) throws(RankGroupError) { throw .unavailable }
        package func receive(from rank: Int) throws(RankGroupError) -> [UInt8] { throw .unavailable }
        package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(RankGroupError) { throw .unavailable }
        package func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws(RankGroupError) { throw .unavailable }
        package func gather(_ own: [UInt8]) throws(RankGroupError) -> [[UInt8]] { throw .unavailable }
        package func finish() {}
        package func abort(status: Int32) -> Never { preconditionFailure("no group without Open MPI") }
    #endif
}

package enum RankGroupError: Error, Equatable, CustomStringConvertible {
    /// Started by `mpirun`, but built without the trait.
    case unavailable
    /// `code` is Open MPI's.
    case failed(operation: String, code: Int)
    /// Weights of this rank and of the first stand in panels of so many inputs.
    case panels(own: Int, first: Int)

    package var description: String {
        switch self {
        case .unavailable: "started by mpirun, but this claverd was built without Open MPI (trait MPI)"
        case .failed(let operation, let code): "Open MPI cannot \(operation): error \(code)"
        case .panels(let own, let first):
            "this rank's processor computes with panels of \(own) weights and the first rank's with \(first); the processors of "
                + "all ranks must have the same vector instructions"
        }
    }
}
