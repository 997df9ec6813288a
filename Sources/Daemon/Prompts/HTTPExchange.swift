import Foundation
import FoundationNetworking
import Pipeline
import Synchronization

/// One request over HTTP and its answer. Follows no redirects: a key is for the host it was given for. Keeps no cookies.
///
/// Each has a session, and so a connection, of its own. On Linux, Foundation cannot send a body a second time: when a server has
/// closed a connection that is used again, libcurl repeats the request without its body, and both sides wait for ever.
final class HTTPExchange: NSObject, URLSessionDataDelegate {
    struct Answer: Sendable {
        let status: Int
        let retryAfter: String?
        let location: String?
        let body: Data
    }

    private struct State {
        var continuation: CheckedContinuation<Answer, any Error>?
        var body = Data()
    }

    /// No answer of a few sentences is longer.
    private static let byteLimit = 8 << 20
    private let state = Mutex(State())

    /// Throws `ChatFailure`, or `CancellationError` when the calling task is cancelled.
    static func send(_ request: URLRequest, timeLimit: Duration) async throws -> Answer {
        let exchange = HTTPExchange()
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: nil)
        // The session keeps itself and its delegate until it is told to end.
        defer { session.invalidateAndCancel() }
        var request = request
        // Foundation's own limit is on silence; the whole exchange is limited here.
        request.timeoutInterval = timeLimit.inSeconds + 1
        let task = session.dataTask(with: request)
        let timer = Task {
            try await Task.sleep(for: timeLimit)
            exchange.finish(.failure(ChatFailure.timedOut(timeLimit)))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                exchange.state.withLock { $0.continuation = continuation }
                task.resume()
                // Cancelled before there was anything to finish.
                if Task.isCancelled { exchange.finish(.failure(CancellationError())) }
            }
        } onCancel: {
            exchange.finish(.failure(CancellationError()))
        }
    }

    /// Ends the exchange once; whatever comes later is ignored.
    private func finish(_ result: Result<Answer, any Error>) {
        let waiting = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        waiting?.resume(with: result)
    }

    func urlSession(
        _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest _: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let count = state.withLock { state in
            state.body.append(data)
            return state.body.count
        }
        guard count > Self.byteLimit else { return }
        finish(.failure(ChatFailure.malformed("more than \(Self.byteLimit) bytes")))
        dataTask.cancel()
    }

    func urlSession(_: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error { return finish(.failure(Self.failure(error))) }
        guard let response = task.response as? HTTPURLResponse else {
            return finish(.failure(ChatFailure.unreachable("no HTTP answer")))
        }
        finish(
            .success(
                Answer(
                    status: response.statusCode, retryAfter: response.value(forHTTPHeaderField: "Retry-After"),
                    location: response.value(forHTTPHeaderField: "Location"), body: state.withLock { $0.body })))
    }

    private static func failure(_ error: any Error) -> ChatFailure {
        let reason = error.localizedDescription.escapedForLog
        switch (error as? URLError)?.code {
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected:
            return .untrusted(reason)
        default: return .unreachable(reason)
        }
    }
}
