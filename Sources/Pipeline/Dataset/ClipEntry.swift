/// One line of a list: a clip and what it shows.
package struct ClipEntry: Sendable, Equatable {
    /// The clip's name in its store: a path relative to the folder, or a member of the archive.
    package let name: String
    /// Class ids, at least one.
    package let classes: [Int]

    package init(name: String, classes: [Int]) {
        self.name = name
        self.classes = classes
    }
}

/// Where a clip's bytes lie.
package enum ClipLocation: Sendable, Equatable {
    case file(path: String)
    /// `byteCount` bytes from `offset` on within an uncompressed archive, read in place.
    case member(archive: String, offset: Int, byteCount: Int)
}

/// Something in a data set that is not used, and why.
package struct ClipRejection: Sendable, Equatable, Codable {
    /// As it stands in the folder or archive, on one printable line.
    package let name: String
    package let reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// A data set's clips: a folder, or a tar archive that is never unpacked.
package protocol ClipStore: Sendable {
    /// The path of the folder or archive.
    var path: String { get }
    /// Names of all clips, sorted.
    var names: [String] { get }
    /// Entries that are no clips and pretend to be, sorted by name; none unless a store says otherwise.
    var rejections: [ClipRejection] { get }
    /// What is wrong with the store as a whole: an archive that was cut short. Nothing unless a store says otherwise.
    var defects: [String] { get }
    /// Where a clip lies; nil if there is none of that name.
    func location(of name: String) -> ClipLocation?
}

extension ClipStore {
    package var rejections: [ClipRejection] { [] }
    package var defects: [String] { [] }

    /// Why the store has an entry of this name and does not offer it; nil if there is no such entry.
    package func rejection(of name: String) -> String? {
        let (shown, all) = (name.escapedForLog, rejections)
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].name < shown { low = middle + 1 } else { high = middle }
        }
        return low < all.count && all[low].name == shown ? all[low].reason : nil
    }

    /// Why there is no clip of this name.
    package func absence(of name: String) -> String {
        rejection(of: name).map { "not usable: \($0)" } ?? "not in \(path)"
    }
}
