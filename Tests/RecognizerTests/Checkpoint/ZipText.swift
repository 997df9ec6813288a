/// Zip archives of stored entries, written by hand, with room for lies.
struct ZipText {
    struct Entry {
        var name: String
        var content: [UInt8]
        var localName: String?
        var flags: UInt16 = 0
        var method: UInt16 = 0
        /// Size in the local header; `nil`: the true one.
        var localSize: UInt32?
        /// Size in the directory; `nil`: the true one.
        var directorySize: UInt32?
        /// Where the directory says the local header is; `nil`: where it is.
        var offset: UInt32?
        var extra: [UInt8] = []
    }

    var entries: [Entry]
    /// Count in the end record; `nil`: the true one.
    var count: UInt16?
    var suffix: [UInt8] = []

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let offset = entry.offset ?? UInt32(bytes.count)
            let local = Array((entry.localName ?? entry.name).utf8)
            let name = Array(entry.name.utf8)
            let size = UInt32(entry.content.count)
            bytes += little(UInt32(0x0403_4B50)) + little(UInt16(20)) + little(entry.flags) + little(entry.method)
            bytes += little(UInt32(0)) + little(UInt32(0)) + little(entry.localSize ?? size)
            bytes += little(entry.localSize ?? size) + little(UInt16(local.count)) + little(UInt16(0))
            bytes += local + entry.content
            let stated = entry.directorySize ?? size
            directory += little(UInt32(0x0201_4B50)) + little(UInt32(20)) + little(entry.flags) + little(entry.method)
            directory += little(UInt32(0)) + little(UInt32(0)) + little(stated) + little(stated)
            directory += little(UInt16(name.count)) + little(UInt16(entry.extra.count)) + little(UInt16(0))
            directory += [UInt8](repeating: 0, count: 8) + little(offset) + name + entry.extra
        }
        let start = bytes.count
        let total = count ?? UInt16(entries.count)
        bytes += directory + little(UInt32(0x0605_4B50)) + little(UInt32(0)) + little(total) + little(total)
        return bytes + little(UInt32(directory.count)) + little(UInt32(start)) + little(UInt16(0)) + suffix
    }

    /// A PyTorch archive of one storage, `0`.
    static func torch(pickle: [UInt8], storage: [UInt8] = [], byteOrder: String? = nil) -> ZipText {
        var zip = ZipText(entries: [
            Entry(name: "a/data.pkl", content: pickle), Entry(name: "a/data/0", content: storage),
            Entry(name: "a/version", content: Array("3\n".utf8)),
        ])
        if let byteOrder { zip.entries.append(Entry(name: "a/byteorder", content: Array(byteOrder.utf8))) }
        return zip
    }
}
