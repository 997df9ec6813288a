import Foundation
import Pipeline
import Recognizer

/// What an evaluation is told, from the command line or a recipe; nil where nothing is said.
struct EvalSettings: Sendable, Equatable {
    enum Sampling: String, Sendable, CaseIterable {
        case segments, dense
    }

    /// Percent, as published for a model of this mask.
    struct Published: Sendable, Equatable {
        var top1: Double
        var top5: Double?
    }

    /// Directory, or name on the model path.
    var model: String?
    /// Folder or tar archive.
    var data: String?
    var list: String?
    var labels: String?
    var templates: [String]?
    /// Files of interpretive prompts.
    var prompts: [String]?
    var views: String?
    var sampling: Sampling?
    var stride: Int?
    var seed: UInt64?
    var report: String?
    var dump: String?
    var state: String?
    /// 0...1
    var minTop1: Double?
    /// 0...1
    var maxBad: Double?
    var limit: Int?
    /// What is multiplied in; float32 where nothing is said.
    var precision: Precision?
    var workers: Int?
    var readers: Int?
    /// What the model must be: T, side of the input, side of a patch.
    var frames: Int?
    var image: Int?
    var patch: Int?
    var mask: KroneckerMask?
    var published: [KroneckerMask: Published]?

    static let mostBad = 0.05

    /// Where an interrupted run leaves its state: as said, or beside what the run writes.
    var statePath: String? { state ?? dump.map { $0 + ".state" } ?? report.map { $0 + "/state" } }

    /// Whether a file is to lie in the folder of a report that is not there yet.
    func isInMissingReport(_ path: String) -> Bool {
        guard let report, !FileManager.default.fileExists(atPath: report) else { return false }
        let folder = URL(filePath: path).deletingLastPathComponent().standardizedFileURL
        return folder.path == URL(filePath: report).standardizedFileURL.path
    }

    /// These settings, and those of `other` where these say nothing.
    func over(_ other: EvalSettings) -> EvalSettings {
        var out = self
        func fill<Value>(_ key: WritableKeyPath<EvalSettings, Value?>) {
            if out[keyPath: key] == nil { out[keyPath: key] = other[keyPath: key] }
        }
        fill(\.model)
        fill(\.data)
        fill(\.list)
        fill(\.labels)
        fill(\.templates)
        fill(\.prompts)
        fill(\.views)
        fill(\.sampling)
        fill(\.stride)
        fill(\.seed)
        fill(\.report)
        fill(\.dump)
        fill(\.state)
        fill(\.minTop1)
        fill(\.maxBad)
        fill(\.limit)
        fill(\.precision)
        fill(\.workers)
        fill(\.readers)
        fill(\.frames)
        fill(\.image)
        fill(\.patch)
        fill(\.mask)
        fill(\.published)
        return out
    }

    /// The protocol for a model of T frames. Throws for numbers of views that are not accepted.
    func viewProtocol(frames: Int) throws -> ViewProtocol {
        let views = views ?? "1x1"
        guard let counts = ViewProtocol.counts(views) else {
            throw CommandFailure(
                .usage,
                "views \(views.escapedForLog): accepted are 1 to \(ViewProtocol.mostClips) clips times 1 or 3 crops, such as 4x3"
            )
        }
        if stride != nil, sampling != .dense {
            throw CommandFailure(.usage, "a stride is for dense sampling; say --sampling dense")
        }
        // 64 frames, about two seconds, whatever T: what dense sampling usually means.
        let step = stride ?? max(64 / frames, 1)
        return ViewProtocol(
            frames: frames, clips: counts.clips, crops: counts.crops,
            sampling: sampling == .dense ? .dense(stride: step) : .segments, seed: seed)
    }

    /// Throws if the model is not the one that the recipe is for.
    func check(_ geometry: ModelGeometry, name: String) throws {
        let pairs = [
            ("frames", frames, geometry.frames), ("image", image, geometry.imageSize),
            ("patch", patch, geometry.patchSize),
        ]
        var faults = pairs.compactMap { key, wanted, found in
            wanted.flatMap { $0 == found ? nil : "\(key) \(found) instead of \($0)" }
        }
        if let mask, mask != geometry.mask {
            faults.append("mask \(geometry.mask.rawValue) instead of \(mask.rawValue)")
        }
        guard faults.isEmpty else {
            throw CommandFailure(
                .dataError, "model \(name) is not what the recipe is for: \(faults.joined(separator: ", "))")
        }
    }

    /// Reads `5%` or `0.05`; nil for anything that is no share of a whole.
    static func share(_ text: String) -> Double? {
        let isPercent = text.hasSuffix("%")
        let digits = isPercent ? text.dropLast() : text[...]
        guard !digits.isEmpty, digits.allSatisfy({ "0123456789.".contains($0) }), let number = Double(digits) else {
            return nil
        }
        let share = isPercent ? number / 100 : number
        return (0...1).contains(share) ? share : nil
    }
}
