import Foundation
package import Recognizer

/// The video features of a list's clips, (clips, views, E), and what became of each clip.
///
/// A large one lies in a file without a name, so that the kernel may move it out of memory.
///
/// `@unchecked Sendable`: filled by one thread at a time, as `EvaluationRun` does; read by others only after that.
package final class FeatureStore: ByteOwner, @unchecked Sendable {
    package enum Outcome: Sendable, Equatable {
        case pending
        case read
        case failed(ClipFailure)
    }

    package let views: Int
    /// E
    package let width: Int
    /// In the order of the list.
    package private(set) var outcomes: [Outcome]
    package let bytes: UnsafeRawBufferPointer
    private let values: UnsafeMutablePointer<Float>

    private static let largestInMemory = 64 << 20

    /// - Parameter directory: where there is room for a large one.
    package init(clips: Int, views: Int, width: Int, directory: String) throws(RecognizerError) {
        self.views = views
        self.width = width
        outcomes = [Outcome](repeating: .pending, count: clips)
        let byteCount = clips * views * width * MemoryLayout<Float>.stride
        let memory = try Self.map(byteCount, directory: directory)
        values = memory.bindMemory(to: Float.self, capacity: max(byteCount / 4, 1))
        bytes = UnsafeRawBufferPointer(start: memory, count: byteCount)
    }

    deinit { munmap(UnsafeMutableRawPointer(values), max(bytes.count, 1)) }

    private static func map(_ byteCount: Int, directory: String) throws(RecognizerError) -> UnsafeMutableRawPointer {
        func failure(_ code: Int32) -> RecognizerError {
            .io(
                path: directory, operation: "make room for \(byteCount) bytes in",
                reason: String(cString: strerror(code)))
        }
        var (descriptor, flags): (Int32, Int32) = (-1, MAP_PRIVATE | MAP_ANONYMOUS)
        if byteCount > largestInMemory {
            var path = Array("\(directory)/claverd-features-XXXXXX".utf8CString)
            descriptor = mkstemp(&path)
            guard descriptor >= 0 else { throw failure(errno) }
            unlink(path)
            flags = MAP_SHARED
            // Room is taken now: a write to a mapped page of a full disk would be a signal.
            let code = posix_fallocate(descriptor, 0, byteCount)
            guard code == 0 else {
                close(descriptor)
                throw failure(code)
            }
        }
        let base = mmap(nil, max(byteCount, 1), PROT_READ | PROT_WRITE, flags, descriptor, 0)
        let code = errno
        if descriptor >= 0 { close(descriptor) }
        guard base != MAP_FAILED, let base else { throw failure(code) }
        return base
    }

    /// Keeps a clip's features.
    ///
    /// - Parameter features: (views, E)
    package func keep(_ features: UnsafeBufferPointer<Float>, of clip: Int) {
        precondition(features.count == views * width, "\(features.count) values for \(views) views of \(width)")
        guard let from = features.baseAddress else { return }
        (values + clip * views * width).update(from: from, count: views * width)
        outcomes[clip] = .read
    }

    package func keep(_ failure: ClipFailure, of clip: Int) { outcomes[clip] = .failed(failure) }

    /// (views, E) of a clip.
    package func features(of clip: Int) -> [Float] {
        Array(UnsafeBufferPointer(start: values + clip * views * width, count: views * width))
    }

    /// Clips that were neither read nor found unreadable yet.
    package var pending: [Int] { outcomes.indices.filter { outcomes[$0] == .pending } }

    /// Clips that could not be read.
    package var failures: Int { outcomes.count { if case .failed = $0 { true } else { false } } }

    /// (clips, views, E), in place.
    package var tensor: StoredTensor {
        StoredTensor(type: .float32, shape: [outcomes.count, views, width], owner: self, range: 0..<bytes.count)
    }

    /// Moves the features of some clips together: (chosen, views, E), in place. The store is of no use afterwards.
    ///
    /// - Parameter chosen: ascending.
    package func compacted(_ chosen: [Int]) -> StoredTensor {
        let size = views * width
        for (row, clip) in chosen.enumerated() where row != clip {
            (values + row * size).update(from: values + clip * size, count: size)
        }
        return StoredTensor(
            type: .float32, shape: [chosen.count, views, width], owner: self, range: 0..<chosen.count * size * 4)
    }
}
