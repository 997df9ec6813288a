import Foundation

/// The regular files of a folder and of all folders below it, named by their paths relative to it.
///
/// Links are followed to files and folders; one that leads back to a folder it lies in is not. The folder is looked through
/// once, when the store is made.
package struct FolderStore: ClipStore {
    package let path: String
    package let names: [String]
    package let rejections: [ClipRejection]

    /// Throws `DatasetError` for a folder that cannot be read; whatever is wrong below it is a rejection.
    package init(_ path: String) throws(DatasetError) {
        var walk = Walk(root: path)
        try walk.enter(relative: "", ancestors: [])
        self.path = path
        names = walk.names.sorted()
        rejections = walk.rejections.sorted { $0.name < $1.name }
    }

    package func location(of name: String) -> ClipLocation? {
        guard names.binarySearch(name) != nil else { return nil }
        return .file(path: path + "/" + name)
    }

    /// One pass over the folders.
    private struct Walk {
        let root: String
        var names: [String] = []
        var rejections: [ClipRejection] = []

        private static let depthLimit = 64

        init(root: String) { self.root = root }

        private mutating func reject(_ name: String, _ reason: String) {
            rejections.append(ClipRejection(name: name.escapedForLog, reason: reason))
        }

        mutating func enter(relative: String, ancestors: [(dev_t, ino_t)]) throws(DatasetError) {
            let path = relative.isEmpty ? root : root + "/" + relative
            guard let directory = opendir(path) else {
                let reason = FileKind.reason()
                guard !relative.isEmpty else { throw .io(path: path, operation: .open, reason: reason) }
                return reject(relative, "a folder that cannot be read: \(reason)")
            }
            defer { closedir(directory) }
            var status = stat()
            guard fstat(dirfd(directory), &status) == 0 else {
                throw .io(path: path, operation: .read, reason: FileKind.reason())
            }
            let own = (status.st_dev, status.st_ino)
            guard !ancestors.contains(where: { $0 == own }) else {
                return reject(relative, "a link to a folder that it lies in itself")
            }
            guard ancestors.count < Self.depthLimit else {
                return reject(relative, "folders nested deeper than \(Self.depthLimit)")
            }
            errno = 0
            while let entry = readdir(directory) {
                let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
                if bytes != Array(".".utf8), bytes != Array("..".utf8) {
                    try take(bytes, kind: entry.pointee.d_type, in: relative, ancestors: ancestors + [own])
                }
                errno = 0
            }
            guard errno == 0 else { throw .io(path: path, operation: .read, reason: FileKind.reason()) }
        }

        private mutating func take(
            _ bytes: [UInt8], kind: UInt8, in relative: String, ancestors: [(dev_t, ino_t)]
        ) throws(DatasetError) {
            let prefix = relative.isEmpty ? "" : relative + "/"
            guard let own = String(validating: bytes, as: UTF8.self) else {
                return reject(prefix + String(decoding: bytes, as: UTF8.self), "the name is not UTF-8")
            }
            let name = prefix + own
            do {
                _ = try ClipName.normalised(name)
            } catch {
                return reject(name, error.reason)
            }
            guard names.count + rejections.count < ClipStores.clipLimit else {
                throw .malformed(path: root, line: nil, reason: "more than \(ClipStores.clipLimit) files")
            }
            // Most file systems tell what an entry is, which saves a call for each of many files.
            if Int(kind) == DT_REG { return names.append(name) }
            var status = stat()
            guard stat(root + "/" + name, &status) == 0 else {
                let code = errno
                let isLoop = code == ELOOP
                return reject(
                    name,
                    isLoop
                        ? "links that lead to each other"
                        : Int(kind) == DT_LNK && code == ENOENT ? "a link to nothing" : FileKind.reason(code))
            }
            switch FileKind(mode: status.st_mode) {
            case .regular: names.append(name)
            case .other(let kind): reject(name, "is \(kind); only regular files are read")
            case .directory where ClipName.looksLikeVideo(name): reject(name, "is a folder; a video file is expected")
            case .directory: try enter(relative: name, ancestors: ancestors)
            }
        }
    }
}

extension Array where Element: Comparable {
    /// The place of a value in a sorted array, or nil.
    func binarySearch(_ value: Element) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == value ? low : nil
    }
}
