import Foundation
import Recognizer

/// A tar archive's index on disk: lines of text, with a digest at the end.
///
/// It is believed only if it was made for this very file (size, time, inode), is whole, and everything in it lies within the
/// archive: whoever can write beside an archive could write an index too.
enum TarIndexFile {
    private static let title = "claverd tar index 1"

    /// Where the index may lie, best first.
    static func places(archive: String, cache: String?) -> [String] {
        var places = [archive + ".claverd-index"]
        if let cache {
            let absolute = URL(filePath: archive).standardizedFileURL.path
            var hash = SHA256()
            hash.update(absolute)
            places.append("\(cache)/tar-index/\(SHA256.hex(hash.finalize()).prefix(32))")
        }
        return places
    }

    /// Nil for an index that is missing, damaged or another file's.
    static func load(_ path: String, identity: PlainFile.Identity) -> TarIndex? {
        guard let file = try? MappedFile(path) else { return nil }
        var lines = file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        // The last line feed ends the line of the digest.
        guard lines.popLast()?.isEmpty == true, let digest = lines.popLast(),
            SHA256.hex(of: UnsafeRawBufferPointer(rebasing: file.bytes[..<digest.startIndex])).utf8.elementsEqual(
                digest),
            text(lines.popFirst()) == heading(identity)
        else { return nil }
        var members: [TarIndex.Member] = []
        var rejections: [ClipRejection] = []
        var defects: [String] = []
        members.reserveCapacity(lines.count)
        for line in lines {
            guard let kind = line.first else { return nil }
            let fields = line.dropFirst(2).split(
                separator: UInt8(ascii: "\t"), maxSplits: 2, omittingEmptySubsequences: false)
            switch kind {
            case UInt8(ascii: "m"):
                guard fields.count == 3, let offset = number(fields[0]), let byteCount = number(fields[1]),
                    let name = text(fields[2]), (try? ClipName.normalised(name)) == name,
                    offset % TarHeader.blockBytes == 0, offset >= TarHeader.blockBytes,
                    byteCount <= identity.byteCount - offset
                else { return nil }
                members.append(TarIndex.Member(name: name, offset: offset, byteCount: byteCount))
            case UInt8(ascii: "r"):
                guard fields.count == 2, let name = text(fields[0]), let reason = text(fields[1]) else { return nil }
                rejections.append(ClipRejection(name: name, reason: reason))
            case UInt8(ascii: "d"):
                guard fields.count == 1, let defect = text(fields[0]) else { return nil }
                defects.append(defect)
            default: return nil
            }
        }
        return TarIndex(members: members, rejections: rejections, defects: defects)
    }

    /// False where it cannot be written, which changes nothing but the time that the next start takes.
    static func save(_ index: TarIndex, identity: PlainFile.Identity, to path: String) -> Bool {
        let url = URL(filePath: path)
        let directory = url.deletingLastPathComponent()
        if !FileManager.default.fileExists(atPath: directory.path) {
            try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        }
        var status = stat()
        // Root may write anywhere; a folder that nobody may write to is meant to stay as it is.
        guard stat(directory.path, &status) == 0, status.st_mode & 0o222 != 0 else { return false }
        var text = heading(identity) + "\n"
        for place in index.names.indices {
            text += "m\t\(index.offsets[place])\t\(index.byteCounts[place])\t\(index.names[place])\n"
        }
        for rejection in index.rejections { text += "r\t\(rejection.name)\t\(rejection.reason)\n" }
        for defect in index.defects { text += "d\t\(defect)\n" }
        let digest = text.withUTF8 { SHA256.hex(of: UnsafeRawBufferPointer($0)) }
        text += digest + "\n"
        return (try? Data(text.utf8).write(to: url, options: .atomic)) != nil
    }

    private static func heading(_ identity: PlainFile.Identity) -> String {
        "\(title)\t\(identity.byteCount)\t\(identity.inode)\t\(identity.seconds).\(identity.nanoseconds)"
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>?) -> String? {
        bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        text(bytes).flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
