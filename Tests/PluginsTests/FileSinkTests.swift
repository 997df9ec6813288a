import Foundation
import Pipeline
import TestSupport
import Testing

@testable import Plugins

@Suite struct FileSinkTests {
    private let folder: MosquittoFolder
    private let path: String

    init() throws {
        folder = try MosquittoFolder()
        path = folder.url.appending(path: "events.jsonl").path(percentEncoded: false)
    }

    @Test func writesEventsAsLinesThatDecodeAgain() async throws {
        let sink = try FileSink(
            settings: SettingValue.mapping([("path", .text(path)), ("max_size", "1MB"), ("sync", "true")])
                .reader(for: FileSink.self),
            context: .example())
        try await sink.start()
        try await sink.deliver(.event(.example(.new, seq: 1, label: "two\nlines")))
        try await sink.deliver(.camera(name: "lobby", state: .online, reason: nil))
        try await sink.deliver(.event(.example(.end, seq: 2, end: 7.1, reason: .score)))
        await sink.stop(within: .seconds(5))
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let events = try lines.map { try EventJSON.decode(Data($0.utf8)) }
        #expect(events.map(\.seq) == [1, 2])
        #expect(events.first?.label == "two\nlines")
    }

    @Test func failsToStartWithoutItsFolder() async throws {
        let sink = try FileSink(
            settings: SettingValue.mapping([("path", .text(path + "/below/events.jsonl"))]).reader(for: FileSink.self),
            context: .example())
        await #expect(throws: PluginError.self) { try await sink.start() }
    }

    @Test(
        arguments: [
            [:], ["path": "/tmp/"], ["path": "x", "max_size": "100"], ["path": "x", "max_size": "10B"],
            ["path": "x", "keep": "0"], ["path": "x", "sync": "maybe"],
        ] as [SettingValue])
    func refusesABlockThatIsWrong(value: SettingValue) {
        #expect(throws: SettingsError.self) {
            try FileSink(settings: value.reader(for: FileSink.self), context: .example())
        }
    }

    @Test(arguments: [
        ("100MB", 100_000_000), ("64KiB", 65_536), ("1.5KB", 1500), ("2GB", 2_000_000_000), ("1GiB", 1 << 30),
        ("7B", 7),
    ])
    func readsSizes(text: String, bytes: Int) {
        #expect(ByteCount.parse(text) == bytes)
    }

    @Test(arguments: ["", "100", "MB", "-1MB", "1e9MB", "1 MB", "9999999999GB", "1mb", "..MB"])
    func refusesOtherSizes(text: String) {
        #expect(ByteCount.parse(text) == nil)
    }
}
