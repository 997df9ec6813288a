package import Foundation
import Testing

/// The repository that the tests were built from.
package let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The `claverd` that was built beside the tests.
package let builtClaverd = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "claverd").path

/// The test's environment with a cache of its own; what GStreamer knows of its plugins, which takes a second to find out, is shared.
package func environment(cache: String) -> [String: String] {
    let registry = URL(filePath: builtClaverd).deletingLastPathComponent().appending(path: "gstreamer-registry.bin")
        .path
    return ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": cache, "GST_REGISTRY": registry]) { $1 }
}

/// Whether tests and programs are built as they are shipped.
package let isOptimised: Bool = {
    #if DEBUG
        false
    #else
        true
    #endif
}()

/// Makes an empty directory, lends it, and removes it.
package func withTemporaryDirectory<R>(_ body: (String) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appending(path: "claverd-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

/// A program run to its end.
package struct ProgramRun {
    package let status: Int32
    package let output: String
    package let error: String

    /// - Parameter environment: of the program; that of the test unless given.
    package init(_ program: String, _ arguments: [String], environment: [String: String]? = nil) throws {
        self = try withTemporaryDirectory { directory in
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = arguments
            if let environment { process.environment = environment }
            // Files, unlike pipes, never fill up.
            let files = try ["out", "err"].map { name in
                let path = "\(directory)/\(name)"
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
                return try #require(FileHandle(forWritingAtPath: path))
            }
            process.standardOutput = files[0]
            process.standardError = files[1]
            try process.run()
            process.waitUntilExit()
            return ProgramRun(
                status: process.terminationStatus,
                output: try String(contentsOfFile: "\(directory)/out", encoding: .utf8),
                error: try String(contentsOfFile: "\(directory)/err", encoding: .utf8))
        }
    }

    /// The same on a thread of its own, for tests that run beside others which wait.
    package static func awaited(_ program: String, _ arguments: [String]) async throws -> ProgramRun {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try ProgramRun(program, arguments) }) }
        }
    }

    private init(status: Int32, output: String, error: String) {
        self.status = status
        self.output = output
        self.error = error
    }
}
