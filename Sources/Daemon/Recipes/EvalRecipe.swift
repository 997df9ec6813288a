import Foundation
import Pipeline
import Recognizer
import Yams

/// Recipes: settings of an evaluation as a YAML file.
extension EvalSettings {
    static let keys = [
        "model", "data", "list", "labels", "templates", "prompts", "views", "sampling", "stride", "seed", "report",
        "dump",
        "state", "min_top1", "max_bad", "limit", "precision", "workers", "readers", "frames", "image", "patch", "mask",
        "published",
    ]

    /// Reads a recipe; its relative paths start from its own directory.
    ///
    /// - Throws: `SettingsError` with file, line and column.
    init(recipe file: String) throws {
        let base = URL(filePath: file).deletingLastPathComponent().path
        try self.init(SettingsReader(YAMLDocument(file: file).root, file: file, path: "", keys: Self.keys), base: base)
    }

    /// Reads `key=value` pairs of the command line; values are YAML, relative paths start from `base`.
    init(assignments: [String], base: String) throws {
        self.init()
        for text in assignments {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandFailure(.usage, "--set expects key=value, not \(text.escapedForLog)")
            }
            let file = "--set \(text.escapedForLog)"
            let tree = try YAMLDocument(text: "\(parts[0]): \(parts[1])", file: file).root
            let one = try EvalSettings(SettingsReader(tree, file: file, path: "", keys: Self.keys), base: base)
            self = one.over(self)
        }
    }

    private init(_ reader: SettingsReader, base: String) throws {
        let name = try reader.text("model")
        model = name.map { $0.contains("/") ? Self.path($0, base: base) : $0 }
        data = try reader.path("data", base: base)
        list = try reader.path("list", base: base)
        labels = try reader.path("labels", base: base)
        report = try reader.path("report", base: base)
        dump = try reader.path("dump", base: base)
        state = try reader.path("state", base: base)
        templates = try reader.lines("templates")
        prompts = try reader.lines("prompts")?.map { Self.path($0, base: base) }
        views = try reader.text("views")
        if let views, ViewProtocol.counts(views) == nil {
            throw reader.error(
                "views",
                "expected 1 to \(ViewProtocol.mostClips) clips times 1 or 3 crops, such as 4x3, found \(views.escapedForLog)"
            )
        }
        sampling = try reader.choice("sampling")
        stride = try reader.integer("stride", in: 1...10_000)
        seed = try reader.integer("seed", in: 0...Int.max).map(UInt64.init)
        minTop1 = try reader.share("min_top1")
        maxBad = try reader.share("max_bad")
        limit = try reader.integer("limit", in: 1...Int.max)
        precision = try reader.choice("precision")
        workers = try reader.integer("workers", in: 1...1024)
        readers = try reader.integer("readers", in: 1...256)
        frames = try reader.integer("frames", in: 1...1024)
        image = try reader.integer("image", in: 1...4096)
        patch = try reader.integer("patch", in: 1...4096)
        mask = try reader.choice("mask")
        published = try Self.published(reader)
    }

    private static func path(_ text: String, base: String) -> String {
        URL(filePath: text, relativeTo: URL(filePath: base, directoryHint: .isDirectory)).path
    }

    private static func published(_ reader: SettingsReader) throws -> [KroneckerMask: Published]? {
        let masks = KroneckerMask.allCases
        guard let block = try reader.block("published", keys: masks.map(\.rawValue)) else { return nil }
        var out: [KroneckerMask: Published] = [:]
        for mask in masks {
            guard let inner = try block.block(mask.rawValue, keys: ["top1", "top5"]) else { continue }
            guard let top1 = try inner.number("top1", in: 0...100) else {
                throw inner.error("top1", "missing; this key is required")
            }
            out[mask] = Published(top1: top1, top5: try inner.number("top5", in: 0...100))
        }
        return out
    }
}

extension SettingsReader {
    fileprivate func path(_ key: String, base: String) throws -> String? { try directory(key, base: base) }

    /// A part of a whole: `5%` or `0.05`.
    func share(_ key: String) throws -> Double? {
        guard let text = try text(key) else { return nil }
        guard let share = EvalSettings.share(text) else {
            throw error(key, "expected a share such as 5% or 0.05, found \"\(text.escapedForLog)\"")
        }
        return share
    }
}
