import Foundation
import Pipeline
import Testing

@testable import Daemon

@Suite struct ChatEndpointTests {
    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080/v1"), ("http://localhost:8080/", "http://localhost:8080/v1"),
        ("https://h/v1", "https://h/v1"), ("https://h/v1/", "https://h/v1"), ("https://h/api/v3", "https://h/api/v3"),
        ("https://h/v1/chat/completions", "https://h/v1"), ("http://[::1]:8000", "http://[::1]:8000/v1"),
        ("https://h/chat/completions", "https://h"),
    ])
    func completesTheAddress(text: String, root: String) throws {
        let endpoint = try ChatEndpoint(text)
        #expect(endpoint.completions?.absoluteString == root + "/chat/completions")
        #expect(endpoint.models?.absoluteString == root + "/models")
        #expect(endpoint.shown == root)
    }

    @Test(arguments: [
        "", "localhost:8080", "ftp://h", "file:///etc/passwd", "http://", "http://user:hunter2@h",
        "http://h/v1?key=hunter2",
        "http://h/#a", "http://h h",
    ])
    func refusesOtherAddresses(text: String) throws {
        let error = try #require(throws: CommandFailure.self) { try ChatEndpoint(text) }
        #expect(error.status == .usage)
        #expect(!"\(error)".contains("hunter2"), "\(error)")
    }

    @Test(arguments: [
        ("https://api.example.com", true), ("http://localhost", true), ("http://127.0.0.2", true),
        ("http://[::1]", true),
        ("http://10.1.2.3", true), ("http://172.31.0.1", true), ("http://172.32.0.1", false),
        ("http://192.168.1.1", true),
        ("http://gpu", true), ("http://gpu.lan", true), ("http://gpu.example.com", false), ("http://8.8.8.8", false),
        ("http://[2001:db8::1]", false), ("http://[fd00::1]", true),
    ])
    func knowsWhereAKeyStaysSecret(text: String, isSecret: Bool) throws {
        #expect(try ChatEndpoint(text).keepsSecrets == isSecret)
    }

    @Test func ownKeyComesFirstAndIsNeverShown() throws {
        #expect(try ChatKey(environment: ["CLAVERD_LLM_KEY": " "]) == nil)
        let key = try #require(
            try ChatKey(environment: ["CLAVERD_LLM_KEY": "sk-hunter2\n", "OPENAI_API_KEY": "sk-other"]))
        #expect(key.authorization == "Bearer sk-hunter2")
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key) \(String(reflecting: key)) \(dumped)".contains("hunter2"))
        #expect(key.masked("wrong key sk-hunter2!") == "wrong key ***!")
    }

    @Test func refusesAKeyThatCouldForgeAHeaderWithoutShowingIt() throws {
        let error = try #require(throws: CommandFailure.self) {
            try ChatKey(environment: ["OPENAI_API_KEY": "hunter2\r\nHost: evil"])
        }
        #expect(error.status == .configuration)
        #expect(error.description.contains("$OPENAI_API_KEY") && !error.description.contains("hunter2"))
    }
}

@Suite struct RetryPolicyTests {
    private func policy(_ limit: Int) -> RetryPolicy {
        RetryPolicy(limit: limit, range: .seconds(1) ... .seconds(8), patience: .seconds(100), seed: 7)
    }

    private func refusal(_ status: Int, _ wait: Duration? = nil) -> ChatFailure {
        .refused(status: status, message: "", retryAfter: wait)
    }

    @Test func waitsLongerEachTimeAndThenGivesUp() throws {
        var policy = policy(4)
        for centre in [1.0, 2, 4, 8] {
            let answer = policy.wait(after: .unreachable(""))
            let wait = try #require(answer)
            #expect((centre * 0.75...centre * 1.25).contains(wait / .seconds(1)))
        }
        let last = policy.wait(after: .unreachable(""))
        #expect(last == nil)
        #expect(policy.attemptCount == 4)
    }

    @Test func waitsAsLongAsTheServerAsks() {
        var policy = policy(3)
        let waits = [
            policy.wait(after: refusal(429, .seconds(77))), policy.wait(after: refusal(503, .zero)),
            policy.wait(after: refusal(429, .seconds(101))),
        ]
        #expect(waits == [.seconds(77), .zero, nil])
        #expect(policy.attemptCount == 2)
    }

    @Test(arguments: [408, 425, 429, 500, 502, 503, 504, 529]) func asksAgainWhatMayPass(status: Int) {
        #expect(refusal(status).isPassing)
    }

    @Test(arguments: [400, 401, 402, 403, 404, 405, 413, 422]) func stopsAtOnceForTheRest(status: Int) {
        #expect(!refusal(status).isPassing)
        #expect(!ChatFailure.redirected(status: 307, location: "").isPassing)
        #expect(!ChatFailure.untrusted("").isPassing)
        #expect(!ChatFailure.quotaSpent("").isPassing)
    }

    @Test func readsSecondsAndDates() throws {
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(ChatFailure.retryAfter(" 3 ", now: now) == .seconds(3))
        #expect(ChatFailure.retryAfter("0.5", now: now) == .milliseconds(500))
        #expect(ChatFailure.retryAfter("Tue, 14 Nov 2023 22:13:50 GMT", now: now) == .seconds(30))
        #expect(ChatFailure.retryAfter("Tue, 14 Nov 2023 22:00:00 GMT", now: now) == .seconds(0))
        for text in [nil, "", "soon", "-1", "nan", "1e99"] { #expect(ChatFailure.retryAfter(text, now: now) == nil) }
    }
}
