/// Where the members of a tar archive lie.
struct TarIndex: Equatable, Sendable {
    /// Names of the members that are regular files, sorted.
    let names: [String]
    /// Byte offsets of their data in the archive.
    let offsets: [Int]
    let byteCounts: [Int]
    /// Sorted by name.
    let rejections: [ClipRejection]
    /// What is wrong with the archive itself.
    let defects: [String]

    struct Member: Equatable {
        let name: String
        let offset: Int
        let byteCount: Int
    }

    /// Sorts the members; of those with the same name none is used.
    init(members: [Member], rejections: [ClipRejection], defects: [String]) {
        let sorted = members.sorted { $0.name < $1.name }
        var rejections = rejections
        var names: [String] = []
        var offsets: [Int] = []
        var byteCounts: [Int] = []
        var start = 0
        while start < sorted.count {
            var end = start + 1
            while end < sorted.count, sorted[end].name == sorted[start].name { end += 1 }
            let member = sorted[start]
            if end - start == 1 {
                names.append(member.name)
                offsets.append(member.offset)
                byteCounts.append(member.byteCount)
            } else {
                rejections.append(
                    ClipRejection(
                        name: member.name.escapedForLog,
                        reason: "stands \(end - start) times in the archive; which one is meant cannot be known"))
            }
            start = end
        }
        self.names = names
        self.offsets = offsets
        self.byteCounts = byteCounts
        self.rejections = rejections.sorted { ($0.name, $0.reason) < ($1.name, $1.reason) }
        self.defects = defects
    }
}
