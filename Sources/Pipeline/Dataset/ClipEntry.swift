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

/// A data set's clips: a folder, or a tar archive that is never unpacked.
package protocol ClipStore: Sendable {
    /// The path of the folder or archive.
    var path: String { get }
    /// Names of all clips, sorted.
    var names: [String] { get }
    /// Where a clip lies; nil if there is none of that name.
    func location(of name: String) -> ClipLocation?
}
