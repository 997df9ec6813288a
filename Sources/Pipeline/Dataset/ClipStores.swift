/// Opens data sets.
package enum ClipStores {
    /// Clips that a store may have, to bound its memory.
    static let clipLimit = 2_000_000

    /// A folder of videos, with all folders below it, or an uncompressed tar archive, which is read in place. What the path
    /// is decides, not what it is called.
    ///
    /// - Parameter cache: directory for an archive's index where the archive's own cannot be written.
    /// - Throws: `DatasetError`.
    package static func open(_ path: String, cache: String?) throws(DatasetError) -> any ClipStore {
        switch try FileKind(path) {
        case .directory: try FolderStore(path)
        case .regular: try TarStore(path, cache: cache)
        case .other(let kind):
            throw .malformed(path: path, line: nil, reason: "is \(kind); a folder of videos or a .tar is expected")
        }
    }
}
