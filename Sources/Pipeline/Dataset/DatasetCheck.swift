import Foundation
import Synchronization

/// Looks for everything that would spoil a measurement: in the store, in the lists, and in the clips themselves.
package struct DatasetCheck: Sendable {
    /// A list as `ClipList.inspect` read it.
    package struct List: Sendable {
        let path: String
        let lines: [ClipList.Line]
        let faults: [ClipList.Fault]

        /// Throws `DatasetError` for what is no list at all.
        package init(_ path: String) throws(DatasetError) {
            self.path = path
            (lines, faults) = try ClipList.inspect(path)
        }
    }

    private let store: any ClipStore
    private let labels: [String]
    /// Training (or the only one), then validation.
    private let lists: [List]
    private let threads: Int
    private let timeLimit: Duration?

    /// - Parameter timeLimit: a decoder that makes no progress for so long hangs; nil: clips are not decoded.
    package init(
        store: any ClipStore, labels: [String], list: List, validation: List?, threads: Int,
        timeLimit: Duration?
    ) {
        self.store = store
        self.labels = labels
        lists = [list] + (validation.map { [$0] } ?? [])
        self.threads = max(1, threads)
        self.timeLimit = timeLimit
    }

    /// - Parameter progress: called from any thread with the clips done and all of them.
    package func run(_ progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void) -> DatasetReport {
        let listed = Set(lists.flatMap { $0.lines.map(\.entry.name) })
        let present = listed.filter { store.location(of: $0) != nil }.sorted()
        var findings = storeFindings() + lists.flatMap(findings(in:)) + leaksByName()
        let candidates = contentCandidates()
        let total = present.count + candidates.count
        let done = Atomic(0)
        let advance: @Sendable () -> Void = {
            progress(done.wrappingAdd(1, ordering: .relaxed).newValue, total)
        }
        let probed = decode(present, advance)
        findings += probed.findings
        findings += leaksByContent(candidates, advance)
        return DatasetReport(
            data: store.path, clips: store.names.count, unlisted: store.names.count { !listed.contains($0) },
            labels: labels.count,
            lists: lists.map { list in
                DatasetReport.List(
                    path: list.path, clips: list.lines.count, classes: Set(list.lines.flatMap(\.entry.classes)).count,
                    digest: ClipList.digest(list.lines.map(\.entry)))
            },
            decoded: probed.decoded, notDecoded: present.count - probed.decoded - probed.findings.count,
            findings: findings)
    }

    private func storeFindings() -> [DatasetFinding] {
        store.defects.map { DatasetFinding(kind: .archive, reason: $0) }
            + store.rejections.map { DatasetFinding(kind: .entry, clip: $0.name, reason: $0.reason) }
    }

    private func findings(in list: List) -> [DatasetFinding] {
        var findings = list.faults.map {
            DatasetFinding(kind: .line, list: list.path, line: $0.line, reason: $0.reason)
        }
        var seen: [String: Int] = [:]
        var isUsed = [Bool](repeating: false, count: labels.count)
        for line in list.lines {
            let name = line.entry.name
            func note(_ kind: DatasetFinding.Kind, _ reason: String) {
                findings.append(
                    DatasetFinding(kind: kind, list: list.path, line: line.number, clip: name, reason: reason))
            }
            for id in line.entry.classes {
                if labels.indices.contains(id) {
                    isUsed[id] = true
                } else {
                    note(.classRange, "class \(id), but there are \(labels.count) labels, 0 to \(labels.count - 1)")
                }
            }
            if let other = seen[name] {
                note(.duplicate, "stands on line \(other) too")
                continue
            }
            seen[name] = line.number
            if store.location(of: name) == nil {
                note(.missing, store.absence(of: name))
            }
        }
        for (id, label) in labels.enumerated() where !isUsed[id] {
            findings.append(
                DatasetFinding(
                    kind: .classWithoutClips, list: list.path,
                    reason: "class \(id), \"\(label.escapedForLog)\", has no clip"))
        }
        return findings
    }

    private func leaksByName() -> [DatasetFinding] {
        guard lists.count == 2 else { return [] }
        let training = Dictionary(lists[0].lines.map { ($0.entry.name, $0.number) }) { first, _ in first }
        return lists[1].lines.compactMap { line in
            training[line.entry.name].map {
                DatasetFinding(
                    kind: .leakByName, list: lists[1].path, line: line.number, clip: line.entry.name,
                    reason: "is in \(lists[0].path) too, on line \($0)")
            }
        }
    }

    /// Decodes clips from the first to the last frame, several at a time.
    private func decode(
        _ names: [String], _ advance: @Sendable () -> Void
    ) -> (decoded: Int, findings: [DatasetFinding]) {
        guard let timeLimit else { return (0, []) }
        let outcome = Mutex<(decoded: Int, findings: [DatasetFinding])>((0, []))
        ParallelIndices.forEach(names.count, threads: threads, make: { ClipDecoder() }) {
            (index: Int, decoder: ClipDecoder) in
            defer { advance() }
            guard let location = store.location(of: names[index]) else { return }
            do throws(ClipFailure) {
                _ = try decoder.read(location, timeLimit: timeLimit, wanted: { Array(0..<$0) }) { _, _, _ in }
                outcome.withLock { $0.decoded += 1 }
            } catch {
                let finding = DatasetFinding(
                    kind: DatasetFinding.Kind(error.kind), clip: names[index], reason: error.reason)
                outcome.withLock { $0.findings.append(finding) }
            }
        }
        var result = outcome.withLock { $0 }
        result.findings.sort { ($0.kind.rawValue, $0.clip ?? "") < ($1.kind.rawValue, $1.clip ?? "") }
        return result
    }

    /// Clips of either list that have as many bytes as one of the other list with another name: only these can be the same.
    private func contentCandidates() -> [String] {
        guard lists.count == 2 else { return [] }
        let names = lists.map { Set($0.lines.map(\.entry.name)) }
        let shared = names[0].intersection(names[1])
        let sizes = names.map { names in
            Dictionary(
                grouping: names.subtracting(shared).compactMap { name in
                    store.location(of: name).flatMap { try? ClipContent($0).byteCount }.map { (name: name, size: $0) }
                }, by: \.size)
        }
        return sizes[0].keys.filter { $0 > 0 && sizes[1][$0] != nil }
            .flatMap { size in sizes.flatMap { ($0[size] ?? []).map(\.name) } }.sorted()
    }

    private func leaksByContent(_ candidates: [String], _ advance: @Sendable () -> Void) -> [DatasetFinding] {
        guard lists.count == 2 else { return [] }
        let digests = Mutex<[String: String]>([:])
        ParallelIndices.forEach(candidates.count, threads: threads, make: {}) { index, _ in
            defer { advance() }
            let name = candidates[index]
            guard let location = store.location(of: name), let digest = try? ClipContent(location).digest() else {
                return
            }
            digests.withLock { $0[name] = digest }
        }
        let byName = digests.withLock { $0 }
        let training = Dictionary(
            lists[0].lines.compactMap { line in byName[line.entry.name].map { ($0, line) } }
        ) { first, _ in first }
        return lists[1].lines.compactMap { line in
            guard let twin = byName[line.entry.name].flatMap({ training[$0] }) else { return nil }
            return DatasetFinding(
                kind: .leakByContent, list: lists[1].path, line: line.number, clip: line.entry.name,
                reason:
                    "has the same bytes as \(twin.entry.name.escapedForLog) in \(lists[0].path), line \(twin.number)")
        }
    }
}
