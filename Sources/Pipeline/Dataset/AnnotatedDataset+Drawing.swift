extension AnnotatedDataset {
    /// A list for each number of shots, with as many clips of every class, in the order of the class ids. The clips of a
    /// smaller number are among those of a larger one.
    ///
    /// - Parameter classes: how many classes there must be; nil: those up to the highest id of the list.
    /// - Throws: `DatasetError.notEnough` if a class has fewer clips; `.malformed` if a clip has several classes.
    package static func shots(
        of list: List, counts: [Int], seed: UInt64, classes: Int?
    ) throws(DatasetError) -> [List] {
        var byClass: [Int: [ClipEntry]] = [:]
        for entry in list.entries {
            guard let id = entry.classes.first, entry.classes.count == 1 else {
                throw .malformed(
                    path: list.name, line: nil,
                    reason:
                        "\"\(entry.name.escapedForLog)\" has \(entry.classes.count) classes; shots are drawn of clips with one"
                )
            }
            byClass[id, default: []].append(entry)
        }
        let highest = classes.map { $0 - 1 } ?? byClass.keys.max() ?? -1
        let wanted = counts.max() ?? 0
        func isShort(_ id: Int) -> Bool { (byClass[id]?.count ?? 0) < wanted }
        // A list may name a class far beyond the others, so ids are not gone through that no clip has.
        if highest >= 0, let first = (0...highest).first(where: isShort) {
            let others = highest - byClass.keys.count(where: { $0 <= highest && !isShort($0) })
            throw .notEnough(
                reason:
                    "\(wanted) shots of each class, but class \(first) has \(byClass[first]?.count ?? 0) clips in \(list.name)"
                    + (others > 0 ? " (and \(others) more classes have too few)" : ""))
        }
        let ordered = (0..<highest + 1).map { SeededOrder.sorted(byClass[$0] ?? [], seed: seed, name: \.name) }
        return counts.map { count in
            List(name: "\(list.name)-\(count)-shot", entries: ordered.flatMap { $0.prefix(count) })
        }
    }

    /// The classes whose names are not among `excluded`, of which `count` are drawn, with new ids in the old order; clips keep
    /// the classes that are left, and those without any are left out. Upper and lower case are alike.
    ///
    /// - Parameter count: nil: all of them.
    /// - Throws: `DatasetError.notEnough` if fewer are left.
    package func drawingClasses(
        excluding excluded: [String], count: Int?, seed: UInt64
    ) throws(DatasetError) -> AnnotatedDataset {
        let excluded = Set(excluded.map { $0.lowercased() })
        let left = labels.indices.filter { !excluded.contains(labels[$0].lowercased()) }
        guard !left.isEmpty, left.count >= count ?? 1 else {
            throw .notEnough(
                reason: "\(count ?? 1) classes are to be drawn, \(left.count) of \(labels.count) are not excluded")
        }
        let drawn = SeededOrder.sorted(left, seed: seed) { labels[$0] }.prefix(count ?? left.count).sorted()
        let newIds = Dictionary(uniqueKeysWithValues: drawn.enumerated().map { ($0.element, $0.offset) })
        let lists = lists.map { list in
            List(
                name: list.name,
                entries: list.entries.compactMap { entry in
                    let classes = entry.classes.compactMap { newIds[$0] }
                    return classes.isEmpty ? nil : ClipEntry(name: entry.name, classes: classes)
                })
        }
        return AnnotatedDataset(labels: drawn.map { labels[$0] }, lists: lists)
    }
}
