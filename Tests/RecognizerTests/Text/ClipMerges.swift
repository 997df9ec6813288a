import Foundation

/// CLIP's merges, which are not part of this repository: the file that `CLAVERD_CLIP_MERGES` names, plain or gzip, or what
/// `Tests/fetch-clip-merges` left in `.build/vocab`.
enum ClipMerges {
    static let howToGet = "needs CLIP's merges: run Tests/fetch-clip-merges, or set CLAVERD_CLIP_MERGES to the file"

    static let file: URL? = {
        if let path = ProcessInfo.processInfo.environment["CLAVERD_CLIP_MERGES"] { return URL(filePath: path) }
        let fetched = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../.build/vocab/bpe_simple_vocab_16e6.txt")
        return FileManager.default.fileExists(atPath: fetched.path) ? fetched : nil
    }()

    static func text() throws -> String {
        guard let file else { return "" }
        guard file.pathExtension == "gz" else { return try String(contentsOf: file, encoding: .utf8) }
        let gunzip = Process()
        gunzip.executableURL = URL(filePath: "/usr/bin/env")
        gunzip.arguments = ["gunzip", "--stdout", file.path]
        let output = Pipe()
        gunzip.standardOutput = output
        try gunzip.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        gunzip.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
