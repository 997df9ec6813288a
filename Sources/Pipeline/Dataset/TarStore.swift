/// The regular files of an uncompressed tar archive, read in place.
///
/// The archive is gone through once, header by header; where its members lie is then kept in an index beside it, or in the cache.
package struct TarStore: ClipStore {
    package let path: String
    private let index: TarIndex

    package var names: [String] { index.names }
    package var rejections: [ClipRejection] { index.rejections }
    package var defects: [String] { index.defects }

    /// - Parameter cache: directory for the index where the archive's own cannot be written.
    /// - Throws: `DatasetError` for what is no tar archive or changes while it is read.
    package init(_ path: String, cache: String?) throws(DatasetError) {
        let file = try PlainFile(path)
        self.path = path
        let places = TarIndexFile.places(archive: path, cache: cache)
        for place in places {
            if let known = TarIndexFile.load(place, identity: file.identity) {
                index = known
                return
            }
        }
        index = try TarScan.index(file)
        for place in places where TarIndexFile.save(index, identity: file.identity, to: place) { break }
    }

    package func location(of name: String) -> ClipLocation? {
        guard let place = index.names.binarySearch(name) else { return nil }
        return .member(archive: path, offset: index.offsets[place], byteCount: index.byteCounts[place])
    }
}
