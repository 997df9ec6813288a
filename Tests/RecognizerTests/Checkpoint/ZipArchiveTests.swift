import Recognizer
import Testing

@Suite struct ZipArchiveTests {
    private let good = ZipText.torch(
        pickle: PickleText.state(PickleText.tensor(count: 1, shape: [], strides: [])),
        storage: little(Float(2).bitPattern))

    private func refuse(
        _ reason: String, sourceLocation: SourceLocation = #_sourceLocation, _ change: (inout ZipText) -> Void
    ) {
        var zip = good
        change(&zip)
        CheckpointFiles.expectRefused(zip.bytes, reason, sourceLocation: sourceLocation)
    }

    @Test func readsStoredEntries() throws {
        #expect(try CheckpointFiles.read(good.bytes).tensors["w"]?.floats() == Tensor(shape: [], values: [2]))
    }

    @Test func refusesTwoEntriesOfOneName() {
        refuse("stands twice") { $0.entries.append($0.entries[1]) }
    }

    @Test(arguments: ["../../etc/passwd", "/etc/passwd", "a/../b", "a\\b", "a/\u{0}"])
    func refusesUnsafeNames(name: String) {
        refuse("unsafe name") { $0.entries.append(ZipText.Entry(name: name, content: [])) }
    }

    @Test func refusesHeadersThatDisagree() {
        refuse("another name") { $0.entries[1].localName = "a/data/1" }
        refuse("another size") { $0.entries[1].localSize = 3 }
        refuse("no local header") { $0.entries[1].offset = 5 }
        refuse("another name") { $0.entries[1].offset = 0 }
        refuse("lies outside") { $0.entries[1].offset = 1 << 30 }
        refuse("lies outside") {
            $0.entries[2].directorySize = 1 << 30
            $0.entries[2].localSize = 1 << 30
        }
        refuse("overlap") {
            $0.entries[0].directorySize = UInt32($0.entries[0].content.count + 20)
            $0.entries[0].localSize = $0.entries[0].directorySize
        }
    }

    @Test func refusesEncryptedAndCompressedEntries() {
        refuse("encrypted") { $0.entries[1].flags = 1 }
        refuse("compressed") { $0.entries[1].method = 8 }
        refuse("compressed") { $0.entries[0].method = 12 }
    }

    @Test func refusesAWrongDirectory() {
        refuse("the data ends") { $0.count = 4 }
        refuse("more than its 2 entries") { $0.count = 2 }
        refuse("truncated") { $0.suffix = [0] }
        refuse("zip64 end record missing") { $0.count = .max }
        refuse("lacks its zip64 field") { $0.entries[1].directorySize = .max }
        refuse("lies outside") {
            $0.entries[1].directorySize = .max
            $0.entries[1].localSize = .max
            $0.entries[1].extra = little(UInt16(1)) + little(UInt16(16)) + little(UInt64.max) + little(UInt64.max)
        }
        refuse("two different sizes") {
            $0.entries[1].directorySize = .max
            $0.entries[1].extra = little(UInt16(1)) + little(UInt16(16)) + little(UInt64(4)) + little(UInt64(5))
        }
    }

    @Test func refusesAMillionEntries() {
        // A directory of one entry whose zip64 record claims a million.
        var bytes = good.bytes
        let end = bytes.count - 22
        let tail = Array(bytes[end...])
        bytes.removeLast(22)
        let record =
            little(UInt32(0x0606_4B50)) + little(UInt64(44)) + little(UInt16(45)) + little(UInt16(45))
            + little(UInt64(0))
            + little(UInt64(1_000_000)) + little(UInt64(1_000_000)) + little(UInt64(100)) + little(UInt64(0))
        let locator = little(UInt32(0x0706_4B50)) + little(UInt32(0)) + little(UInt64(end)) + little(UInt32(1))
        bytes += record + locator + tail[0..<8] + little(UInt16.max) + little(UInt16.max) + little(UInt32.max)
        bytes += little(UInt32.max) + little(UInt16(0))
        CheckpointFiles.expectRefused(bytes, "1000000 entries")
    }

    @Test func refusesAnArchiveOfSomethingElse() {
        let zip = ZipText(entries: [ZipText.Entry(name: "word/document.xml", content: [])])
        CheckpointFiles.expectRefused(zip.bytes, "not PyTorch's")
    }

    @Test func refusesEveryTruncation() {
        let bytes = good.bytes
        for count in stride(from: 1, to: bytes.count, by: 7) {
            #expect(throws: RecognizerError.self) { try CheckpointFiles.read(Array(bytes.prefix(count))) }
        }
    }

    @Test func survivesEveryChangedByte() {
        let bytes = good.bytes
        var refused = 0
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0xFF
            if (try? CheckpointFiles.read(changed)) == nil { refused += 1 }
        }
        #expect(refused > bytes.count / 2)
    }
}
