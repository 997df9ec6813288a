import Foundation
import Pipeline
import Testing

@Suite struct MailboxTests {
    private static let values = 4

    private func put(_ mailbox: Mailbox, camera: Int, _ value: Float, at seconds: Double, instants: Int = 1) throws {
        let patches = try #require(mailbox.reserve(camera: camera))
        for index in 0..<Self.values { patches[index] = value }
        mailbox.commit(
            camera: camera, patches: patches, time: StreamTime(seconds: seconds), instants: instants, arrival: .now,
            streamZero: Date(timeIntervalSince1970: 0))
    }

    private func take(_ mailbox: Mailbox, frames: Int) -> [Mailbox.Item] {
        var items: [Mailbox.Item] = []
        return mailbox.take(frames: frames, into: &items, within: 5) ? items : []
    }

    /// (camera, first value, instants) of the frames among items.
    private func samples(_ items: [Mailbox.Item], _ mailbox: Mailbox) -> [[Double]] {
        items.compactMap { item in
            guard case .sample(let sample) = item else { return nil }
            return [Double(sample.camera), Double(mailbox.patches(of: sample)[0]), Double(sample.instants)]
        }
    }

    @Test func liveCameraLosesItsOldestFrameAndTheNextStandsInForIt() throws {
        let mailbox = Mailbox(live: [true], valuesPerFrame: Self.values, depth: 3)
        for frame in 0..<5 { try put(mailbox, camera: 0, Float(frame), at: Double(frame)) }
        #expect(mailbox.dropped(camera: 0) == 2)
        let items = take(mailbox, frames: 8)
        #expect(samples(items, mailbox) == [[0, 2, 3], [0, 3, 1], [0, 4, 1]])
    }

    @Test func frameBehindANoteInheritsNothing() throws {
        let mailbox = Mailbox(live: [true], valuesPerFrame: Self.values, depth: 2)
        try put(mailbox, camera: 0, 1, at: 0)
        mailbox.post(camera: 0, .restart)
        try put(mailbox, camera: 0, 2, at: 1)
        try put(mailbox, camera: 0, 3, at: 2)
        let items = take(mailbox, frames: 8)
        #expect(samples(items, mailbox) == [[0, 2, 1], [0, 3, 1]])
        guard case .note(0, .restart, _) = try #require(items.first) else {
            Issue.record("the note lost its place: \(items)")
            return
        }
    }

    @Test func fileWaitsForABufferAndLosesNothing() async throws {
        let mailbox = Mailbox(live: [false], valuesPerFrame: Self.values, depth: 2)
        let writer = Thread { [self] in
            for frame in 0..<20 { try? put(mailbox, camera: 0, Float(frame), at: Double(frame)) }
            mailbox.post(camera: 0, .ended(nil))
        }
        writer.start()
        var seen: [Double] = []
        var ended = false
        while !ended {
            let items = take(mailbox, frames: 1)
            try #require(!items.isEmpty, "nothing came within the limit")
            seen += samples(items, mailbox).map { $0[1] }
            ended = items.contains { if case .note(_, .ended, _) = $0 { true } else { false } }
            mailbox.release(items)
        }
        #expect(seen == (0..<20).map(Double.init))
        #expect(mailbox.dropped(camera: 0) == 0)
    }

    /// Restarts that nothing stands between are one: a camera that has nothing else to tell must not fill the memory.
    @Test func restartsDoNotPileUp() throws {
        let mailbox = Mailbox(live: [true], valuesPerFrame: Self.values, depth: 2)
        for frame in 0..<50 {
            try put(mailbox, camera: 0, Float(frame), at: Double(frame))
            mailbox.post(camera: 0, .restart)
            mailbox.post(camera: 0, .restart)
        }
        let items = take(mailbox, frames: 8)
        #expect(samples(items, mailbox) == [[0, 48, 1], [0, 49, 1]])
        #expect(items.count == 5, "restart, frame, restart, frame, restart")
    }

    /// Notes take no turn, and whoever was left out comes first.
    @Test func everyCameraIsServedWhenThereAreMoreThanABatchHolds() throws {
        let cameras = 5
        let mailbox = Mailbox(live: Array(repeating: true, count: cameras), valuesPerFrame: Self.values, depth: 4)
        for camera in 0..<cameras {
            for frame in 0..<4 {
                mailbox.post(camera: camera, .state(.online, reason: nil, lastFrame: nil, now: nil))
                try put(mailbox, camera: camera, Float(frame), at: Double(frame))
            }
        }
        var order: [Double] = []
        for _ in 0..<10 {
            let items = take(mailbox, frames: 2)
            order += samples(items, mailbox).map { $0[0] }
            mailbox.release(items)
        }
        #expect(order == (0..<20).map { Double($0 % cameras) })
    }

    @Test func servesCamerasInTurn() throws {
        let mailbox = Mailbox(live: [true, true, true], valuesPerFrame: Self.values, depth: 4)
        for frame in 0..<3 { try put(mailbox, camera: 0, Float(frame), at: Double(frame)) }
        try put(mailbox, camera: 2, 9, at: 0)
        let items = take(mailbox, frames: 2)
        #expect(samples(items, mailbox).map { $0[0] } == [0, 2])
    }

    @Test func closingFreesAWaitingFileAndTurnsTheReaderAway() async throws {
        let mailbox = Mailbox(live: [false], valuesPerFrame: Self.values, depth: 1)
        try put(mailbox, camera: 0, 0, at: 0)
        let done = DispatchSemaphore(value: 0)
        Thread {
            if mailbox.reserve(camera: 0) == nil { done.signal() }
        }.start()
        mailbox.close()
        #expect(Self.wait(done))
        #expect(take(mailbox, frames: 1).isEmpty)
    }

    private static func wait(_ semaphore: DispatchSemaphore) -> Bool {
        semaphore.wait(timeout: .now() + 60) == .success
    }
}
