import Foundation
import Pipeline

extension DatasetReport {
    private static let shownPerKind = 20

    /// For people: what was looked at, and the first findings of each kind.
    var table: String {
        var lines = ["data     \(data.escapedForLog): \(clips) clips, \(unlisted) in no list"]
        for list in lists {
            lines.append("list     \(list.path.escapedForLog): \(list.clips) clips of \(list.classes) classes")
        }
        lines.append("labels   \(labels)")
        lines.append("decoded  \(decoded)" + (notDecoded > 0 ? ", and \(notDecoded) not tried" : ""))
        for kind in DatasetFinding.Kind.allCases {
            let own = findings.filter { $0.kind == kind }
            guard !own.isEmpty else { continue }
            lines.append("")
            lines.append("\(kind.title): \(own.count)")
            lines += own.prefix(Self.shownPerKind).map { "  \($0.text)" }
            if own.count > Self.shownPerKind {
                lines.append("  ... and \(own.count - Self.shownPerKind) more; --json tells all")
            }
        }
        if isClean { lines.append("nothing is wrong") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Everything, with counts by kind.
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            let counts = Dictionary(grouping: findings, by: \.kind.rawValue).mapValues(\.count)
            let document = Document(ok: isClean, counts: counts, report: self)
            return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        }
    }

    private struct Document: Encodable {
        let ok: Bool
        let counts: [String: Int]
        let report: DatasetReport

        private enum Key: String, CodingKey { case ok, counts }

        func encode(to encoder: any Encoder) throws {
            try report.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(ok, forKey: .ok)
            try container.encode(counts, forKey: .counts)
        }
    }
}

extension DatasetFinding {
    /// One printable line.
    fileprivate var text: String {
        let place = list.map { list in "\(list)\(line.map { ":\($0)" } ?? ""): " } ?? ""
        return "\(place)\(clip.map { "\($0): " } ?? "")\(reason)".oneLine
    }
}

extension DatasetFinding.Kind {
    fileprivate var title: String {
        switch self {
        case .archive: "damaged archive"
        case .entry: "entries that are not used"
        case .line: "wrong lines"
        case .classRange: "classes out of range"
        case .classWithoutClips: "classes without clips"
        case .duplicate: "clips that stand twice in a list"
        case .missing: "missing clips"
        case .leakByName: "clips in both lists"
        case .leakByContent: "clips in both lists under different names"
        case .empty: "empty clips"
        case .audioOnly: "clips without video"
        case .undecodable: "clips that cannot be decoded"
        case .hanging: "clips that hang the decoder"
        case .refused: "clips that are refused"
        }
    }
}
