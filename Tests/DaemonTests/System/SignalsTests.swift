import Foundation
import Testing

@testable import Daemon

@Suite(.serialized) struct SignalsTests {
    @Test(.timeLimit(.minutes(1))) func deliversSignalsInsteadOfEndingTheProcess() async {
        var signals = Signal.stream().makeAsyncIterator()
        kill(getpid(), SIGHUP)
        let hangUp = await signals.next()
        #expect(hangUp == .hangUp)
        kill(getpid(), SIGTERM)
        let terminate = await signals.next()
        #expect(terminate == .terminate)
        kill(getpid(), SIGINT)
        let interrupt = await signals.next()
        #expect(interrupt == .interrupt)
    }

    @Test func aWriteToAClosedPipeIsAnError() {
        Signal.ignoreBrokenPipes()
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        #expect(write(ends[1], "x", 1) == -1)
        #expect(errno == EPIPE)
        close(ends[1])
    }
}
