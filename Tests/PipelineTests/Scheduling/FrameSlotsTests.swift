import Pipeline
import TestSupport
import Testing

@Suite struct FrameSlotsTests {
    /// Cameras that come and begin anew at random: what a window holds is never given away, and a window and a batch suffice.
    @Test(arguments: 0..<20) func neverGivesAwayWhatAWindowHolds(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        let (cameras, length, batch) = (Int.random(in: 1...5, using: &numbers), 4, 8)
        var slots = FrameSlots(count: cameras * length + batch)
        var windows = (0..<cameras).map { _ in WindowAssembler<Int>(length: length, hop: 1) }
        for _ in 0..<200 {
            slots.releaseAll()
            for window in windows { for slot in window.items { slots.keep(slot) } }
            let held = Set(windows.flatMap(\.items))
            var taken: Set<Int> = []
            var ignored: [Int] = []
            for _ in 0..<Int.random(in: 1...batch, using: &numbers) {
                let camera = Int.random(in: 0..<cameras, using: &numbers)
                if Int.random(in: 0..<20, using: &numbers) == 0 { windows[camera].restart() }
                let slot = slots.take()
                let isNew = taken.insert(slot).inserted
                #expect(!held.contains(slot) && isNew)
                _ = windows[camera].append(slot, at: .zero, window: &ignored)
            }
        }
    }
}
