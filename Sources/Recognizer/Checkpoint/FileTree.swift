import Glibc

/// Directories that are filled beside their place and put there when they are finished.
package enum FileTree {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func createDirectory(_ path: String) throws(RecognizerError) {
        guard mkdir(path, 0o755) == 0 else { throw .io(path: path, operation: "create", reason: MappedFile.reason()) }
    }

    /// Puts a finished directory in the place of `path`, which must be absent or an empty directory.
    package static func move(_ directory: String, to path: String) throws(RecognizerError) {
        guard rename(directory, path) == 0 else {
            throw .io(path: path, operation: "create", reason: MappedFile.reason())
        }
        try ReplacementFile.flushDirectory(of: path)
    }

    /// Removes a directory of plain files; what cannot be removed stays.
    static func removeDirectory(_ path: String, files: [String]) {
        for file in files { unlink(path + "/" + file) }
        rmdir(path)
    }

    /// Throws unless `path` is absent or an empty directory that can be replaced.
    static func requireUnused(_ path: String) throws(RecognizerError) {
        if let reason = obstacle(toNew: path) { throw .io(path: path, operation: "create", reason: reason) }
    }

    /// What keeps a new directory from being put at `path`; nil if there is nothing but an empty one that can be replaced.
    package static func obstacle(toNew path: String) -> String? {
        guard !path.isEmpty else { return "expected the name of a folder" }
        let place = place(of: path)
        let above = place.lastIndex(of: "/").map { String(place[...$0]) } ?? "."
        guard access(above, W_OK | X_OK) == 0 else { return "\(above): \(MappedFile.reason())" }
        var link = stat()
        guard exists(path) else { return lstat(place, &link) == 0 ? "a link to nothing" : nil }
        guard isDirectory(path) else { return "it exists and is no folder" }
        guard let directory = opendir(path) else { return MappedFile.reason() }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name == "." || name == ".." else { return "the folder exists and is not empty" }
        }
        var (own, parent) = (stat(), stat())
        if stat(path, &own) == 0, stat(path + "/..", &parent) == 0, own.st_dev != parent.st_dev {
            return "something is mounted there; say a folder in it"
        }
        return nil
    }

    /// The name under which a new directory can be put into place: an empty one may be said as a link or as `.`.
    package static func place(of path: String) -> String {
        let real = realpath(path, nil)
        defer { free(real) }
        var trimmed = real.map { String(cString: $0) } ?? path
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        return trimmed
    }
}
