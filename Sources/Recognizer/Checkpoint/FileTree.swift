import Glibc

/// Directories, as far as model directories need them.
enum FileTree {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func createDirectory(_ path: String) throws(RecognizerError) {
        guard mkdir(path, 0o755) == 0 else { throw .io(path: path, operation: "create", reason: MappedFile.reason()) }
    }

    /// Puts a finished directory in the place of `path`, which must be absent or an empty directory.
    static func move(_ directory: String, to path: String) throws(RecognizerError) {
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

    /// Throws unless `path` is absent or an empty directory.
    static func requireUnused(_ path: String) throws(RecognizerError) {
        guard exists(path) else { return }
        guard let directory = opendir(path) else {
            throw .io(path: path, operation: "create", reason: "it exists and is no directory")
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name == "." || name == ".." else {
                throw .io(path: path, operation: "create", reason: "the directory exists and is not empty")
            }
        }
    }
}
