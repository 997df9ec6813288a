/// Names of clips: relative paths with slashes, in lists, folders and archives alike.
enum ClipName {
    static let byteLimit = 4096

    /// What is wrong with a name.
    struct Fault: Error, Equatable {
        let reason: String
    }

    /// The name without `./` and doubled slashes. Throws for whatever leads out of the data set or cannot be shown.
    static func normalised(_ name: String) throws(Fault) -> String {
        guard !name.isEmpty else { throw Fault(reason: "the name is empty") }
        guard name.utf8.count <= byteLimit else {
            throw Fault(reason: "the name has \(name.utf8.count) bytes, at most \(byteLimit) are read")
        }
        guard !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw Fault(reason: "a control character in the name")
        }
        guard !name.utf8.starts(with: "/".utf8) else {
            throw Fault(reason: "an absolute path; names are relative to the data set")
        }
        let parts = name.utf8.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        guard !parts.contains(where: { $0.elementsEqual("..".utf8) }) else {
            throw Fault(reason: "a path with \"..\", which leads out of the data set")
        }
        guard !parts.isEmpty else { throw Fault(reason: "the name is empty") }
        return parts.map { Substring($0) }.joined(separator: "/")
    }

    private static let videoSuffixes: Set<String> = [
        "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv",
    ]

    /// Whether the name ends like that of a video file.
    static func looksLikeVideo(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return videoSuffixes.contains(name[name.index(after: dot)...].lowercased())
    }
}
