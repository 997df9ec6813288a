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

/// A store that tells what it does not offer.
package protocol InspectedClipStore: ClipStore {
    /// Entries that are no clips and pretend to be, sorted by name.
    var rejections: [ClipRejection] { get }
    /// What is wrong with the store as a whole: an archive that was cut short.
    var defects: [String] { get }
}

extension InspectedClipStore {
    /// Why the store has an entry of this name and does not offer it; nil if there is no such entry.
    package func rejection(of name: String) -> String? {
        let shown = name.escapedForLog
        return rejections.first { $0.name == shown }?.reason
    }
}

/// Opens data sets.
package enum ClipStores {
    /// Clips that a store may have, to bound its memory.
    static let clipLimit = 2_000_000

    /// A folder of videos, with all folders below it, or an uncompressed tar archive, which is read in place. What the path
    /// is decides, not what it is called.
    ///
    /// - Parameter cache: directory for an archive's index where the archive's own cannot be written.
    /// - Throws: `DatasetError`.
    package static func open(_ path: String, cache: String?) throws(DatasetError) -> any InspectedClipStore {
        switch try FileKind(path) {
        case .directory: try FolderStore(path)
        case .regular: try TarStore(path, cache: cache)
        case .other(let kind):
            throw .malformed(path: path, line: nil, reason: "is \(kind); a folder of videos or a .tar is expected")
        }
    }
}
