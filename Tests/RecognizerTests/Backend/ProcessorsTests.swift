import Foundation
import Testing

@testable import Recognizer

@Suite struct ProcessorsTests {
    @Test func thoseOfThisProcessAreSomeOfTheMachines() {
        let allowed = Processors.allowed
        #expect(!allowed.isEmpty && allowed == Set(allowed).sorted() && Processors.count == allowed.count)
        #expect(allowed.count <= ProcessInfo.processInfo.processorCount)
    }

    @Test func whatSeveralMayUseIsSharedOut() {
        let all = Array(0..<8)
        #expect(Processors.share(of: all, among: [all]) == 8)
        #expect(Processors.share(of: all, among: [all, all]) == 4)
        // Bound: each has its own.
        #expect(Processors.share(of: [0, 1], among: [[0, 1], [2, 3], [4, 5]]) == 2)
        #expect(Processors.share(of: [3], among: [[0], [3]]) == 1)
        // Two on each of two sockets.
        let sockets = [[0, 1, 2, 3], [4, 5, 6, 7]]
        #expect(Processors.share(of: sockets[0], among: [sockets[0], sockets[0], sockets[1], sockets[1]]) == 2)
        // More than there are processors.
        #expect(Processors.share(of: [0], among: [[0], [0], [0]]) == 1)
    }
}
