import Dispatch
import Pipeline
import Synchronization

/// A sink whose every call does what a test wants; `calls` tells of each as it begins.
final class ScriptedSink: EventSink {
    enum Call: Sendable, Equatable {
        case start
        case deliver(SinkMessage)
        case stop
    }

    static let kind = "scripted"
    static let keys: [SettingKey] = []

    private let inlet: AsyncStream<Call>.Continuation
    let calls: AsyncStream<Call>
    private let list = Mutex<[SinkMessage]>([])
    private let body: @Sendable (Call) async throws -> Void

    /// - Parameter body: run within each call; a message counts as taken when it returns.
    init(_ body: @escaping @Sendable (Call) async throws -> Void = { _ in }) {
        self.body = body
        (calls, inlet) = AsyncStream.makeStream(of: Call.self)
    }

    convenience init(settings: SettingsReader, context: SinkContext) throws {
        self.init()
    }

    /// Messages taken so far.
    var taken: [SinkMessage] { list.withLock { $0 } }

    func start() async throws { try await perform(.start) }

    func deliver(_ message: SinkMessage) async throws {
        try await perform(.deliver(message))
        list.withLock { $0.append(message) }
    }

    func stop(within limit: Duration) async { try? await perform(.stop) }

    private func perform(_ call: Call) async throws {
        inlet.yield(call)
        try await body(call)
    }

    /// Waits for this many more deliveries to begin.
    func deliveries(_ count: Int) async {
        var left = count
        guard left > 0 else { return }
        for await call in calls {
            if case .deliver = call { left -= 1 }
            if left == 0 { return }
        }
    }
}

/// A door that blocks the thread of whoever comes before it is opened.
final class Door: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func pass() {
        semaphore.wait()
        semaphore.signal()
    }

    func open() { semaphore.signal() }
}

/// What was reported, in order.
final class ReportLog: Sendable {
    private let list = Mutex<[SinkReport]>([])

    var reports: [SinkReport] { list.withLock { $0 } }

    func add(_ report: SinkReport) { list.withLock { $0.append(report) } }
}

/// An error that a sink makes up.
struct BrokenPipe: Error {}
