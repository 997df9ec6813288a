/// Reads the headers of a tar archive, from the first to the last, and passes over the data between them.
///
/// Understands ustar, GNU's long names and big numbers, and pax headers. Members that are no plain files, or whose names are
/// not acceptable, are rejected by name; nothing is ever written anywhere.
struct TarScan {
    private let file: PlainFile
    private var position = 0
    private var members: [TarIndex.Member] = []
    private var rejections: [ClipRejection] = []
    private var defects: [String] = []
    /// What earlier headers say about the next member.
    private var longName: Result<[UInt8], TarHeader.Fault>?
    private var pax: PaxRecords?

    /// Bytes of a header's own data, far above what a name needs.
    private static let extensionLimit = 1 << 20
    /// How far behind the end mark to look for more; tar pads to whole records.
    private static let trailerLimit = 1 << 20

    /// Throws `DatasetError` for what is no tar archive at all.
    static func index(_ file: PlainFile) throws(DatasetError) -> TarIndex {
        try refuseOtherFormats(file)
        file.expectScatteredReads()
        var scan = TarScan(file: file)
        try scan.run()
        try file.checkUnchanged()
        return TarIndex(members: scan.members, rejections: scan.rejections, defects: scan.defects)
    }

    private init(file: PlainFile) { self.file = file }

    private static func refuseOtherFormats(_ file: PlainFile) throws(DatasetError) {
        let head = try file.read(at: 0, count: TarHeader.blockBytes)
        func refusal(_ reason: String) -> DatasetError { .malformed(path: file.path, line: nil, reason: reason) }
        guard !head.isEmpty else { throw refusal("is empty (0 bytes)") }
        let formats: [(magic: [UInt8], name: String)] = [
            ([0x1F, 0x8B], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "xz"),
            (Array("BZh".utf8), "bzip2"), ([0x04, 0x22, 0x4D, 0x18], "lz4"), ([0x1F, 0x9D], "compress"),
        ]
        if let format = formats.first(where: { head.starts(with: $0.magic) }) {
            throw refusal(
                "is compressed with \(format.name), whatever it is called; members are read in place, so decompress it first"
            )
        }
        if head.starts(with: Array("PK\u{3}\u{4}".utf8)) || head.starts(with: Array("Rar!".utf8))
            || head.starts(with: [0x37, 0x7A, 0xBC, 0xAF])
        {
            throw refusal("is an archive of another kind; a folder of videos or an uncompressed .tar is expected")
        }
        guard head.count == TarHeader.blockBytes else {
            throw refusal("is no tar archive: \(head.count) bytes, one block has \(TarHeader.blockBytes)")
        }
        guard head.contains(where: { $0 != 0 }) else { return }
        do {
            _ = try TarHeader(head)
        } catch {
            throw refusal("is no tar archive: \(error.reason)")
        }
    }

    private mutating func run() throws(DatasetError) {
        let size = file.identity.byteCount
        while true {
            guard position < size else {
                defects.append("ends at byte \(size) without an end mark; it may have been cut short")
                break
            }
            let block = try file.read(at: position, count: TarHeader.blockBytes)
            guard block.count == TarHeader.blockBytes else {
                defects.append("is cut short in the header at byte \(position)")
                break
            }
            if !block.contains(where: { $0 != 0 }) {
                try checkTrailer()
                break
            }
            let header: TarHeader
            do {
                header = try TarHeader(block)
            } catch {
                defects.append("is damaged at byte \(position): \(error.reason); nothing behind it is read")
                break
            }
            position += TarHeader.blockBytes
            guard try take(header) else { break }
            guard members.count + rejections.count <= ClipStores.clipLimit else {
                throw .malformed(
                    path: file.path, line: nil, reason: "more than \(ClipStores.clipLimit) members")
            }
        }
        if longName != nil || pax != nil, defects.isEmpty {
            defects.append("ends with a header that belongs to no member")
        }
    }

    /// Two blocks of zeros are the end; what stands behind them belongs to no archive.
    private mutating func checkTrailer() throws(DatasetError) {
        let end = position
        let trailer = try file.read(at: end, count: Self.trailerLimit)
        guard trailer.contains(where: { $0 != 0 }) else { return }
        defects.append(
            "goes on behind its end mark at byte \(end) (archives joined together?); nothing behind it is read")
    }

    /// False where the archive cannot be followed further.
    private mutating func take(_ header: TarHeader) throws(DatasetError) -> Bool {
        switch header.kind {
        case .longName, .longLink, .pax, .globalPax, .volumeLabel: return try takeExtension(header)
        default: break
        }
        let (name, fault) = nameOfMember(header)
        let isSparse = header.kind == .sparse || pax?.isSparse == true
        let byteCount = pax?.byteCount ?? header.byteCount
        (longName, pax) = (nil, nil)
        if header.kind == .sparse, header.hasMoreMap { try skipMap() }

        switch header.kind {
        case .dataless(let kind):
            reject(name, "is \(kind); only regular files are read")
            return true
        case .directory:
            if ClipName.looksLikeVideo(name) { reject(name, "is a folder; a video file is expected") }
            return true
        default: break
        }
        guard let byteCount else {
            reject(name, "its size is no number")
            defects.append("cannot be followed behind byte \(position): the size of \(name.escapedForLog) is no number")
            return false
        }
        let offset = position
        let isWhole = byteCount <= file.identity.byteCount - offset
        if header.kind == .hardLink {
            reject(name, "is a link to another member; only regular files are read")
            // The size of a link is that of its file to some writers, and of data that follows to others.
            guard byteCount > 0, try !isHeaderOrEnd(at: offset) else { return true }
            return isWhole && skip(byteCount)
        }
        if let fault {
            reject(name, fault)
        } else if isSparse {
            reject(name, "is a sparse file, which cannot be read in place")
        } else if case .unknown(let kind) = header.kind {
            reject(name, "is \(kind); only regular files are read")
        } else if !isWhole {
            reject(
                name, "is cut short: \(byteCount) bytes at byte \(offset) of an archive of \(file.identity.byteCount)")
        } else {
            members.append(TarIndex.Member(name: name, offset: offset, byteCount: byteCount))
        }
        guard isWhole else {
            defects.append("is cut short in the data of \(name.escapedForLog)")
            return false
        }
        return skip(byteCount)
    }

    /// The member's name and, if it cannot be used, why.
    private func nameOfMember(_ header: TarHeader) -> (name: String, fault: String?) {
        var bytes = header.name
        var fault = pax?.fault
        if let path = pax?.path {
            bytes = path
        } else {
            switch longName {
            case .success(let long): bytes = long
            case .failure(let failure): fault = failure.reason
            case nil: break
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return (String(decoding: bytes, as: UTF8.self), fault ?? "the name is not UTF-8")
        }
        do {
            return (try ClipName.normalised(text), fault)
        } catch {
            return (text, fault ?? error.reason)
        }
    }

    /// A header whose data says something about members that follow.
    private mutating func takeExtension(_ header: TarHeader) throws(DatasetError) -> Bool {
        let offset = position
        guard let byteCount = header.byteCount, byteCount <= file.identity.byteCount - offset else {
            defects.append("is cut short in a header at byte \(offset - TarHeader.blockBytes)")
            return false
        }
        let isReadable = byteCount <= Self.extensionLimit
        let excess = "its header has \(byteCount) bytes, at most \(Self.extensionLimit) are read"
        switch header.kind {
        case .longName:
            longName =
                isReadable
                ? .success(Array(try file.read(at: offset, count: byteCount).prefix { $0 != 0 }))
                : .failure(TarHeader.Fault(reason: excess))
        case .pax:
            pax = isReadable ? PaxRecords(try file.read(at: offset, count: byteCount)) : PaxRecords(fault: excess)
        case .globalPax:
            let records =
                isReadable ? PaxRecords(try file.read(at: offset, count: byteCount)) : PaxRecords(fault: excess)
            if records != PaxRecords([]) {
                defects.append(
                    "has a global header at byte \(offset) that gives names or sizes to all members; it is not followed"
                )
            }
        default: break
        }
        return skip(byteCount)
    }

    private mutating func reject(_ name: String, _ reason: String) {
        rejections.append(ClipRejection(name: name.escapedForLog, reason: reason))
    }

    /// Moves on behind data, padded to whole blocks. False if that is behind all numbers.
    private mutating func skip(_ byteCount: Int) -> Bool {
        let (padded, overflow) = byteCount.addingReportingOverflow(TarHeader.blockBytes - 1)
        guard !overflow else { return false }
        position += padded / TarHeader.blockBytes * TarHeader.blockBytes
        return true
    }

    /// GNU's sparse map goes on in blocks of its own, each of which says whether another follows.
    private mutating func skipMap() throws(DatasetError) {
        var hasMore = true
        while hasMore {
            let block = try file.read(at: position, count: TarHeader.blockBytes)
            guard block.count == TarHeader.blockBytes else { return }
            hasMore = block[504] != 0
            position += TarHeader.blockBytes
        }
    }

    private func isHeaderOrEnd(at offset: Int) throws(DatasetError) -> Bool {
        let block = try file.read(at: offset, count: TarHeader.blockBytes)
        guard block.count == TarHeader.blockBytes, block.contains(where: { $0 != 0 }) else { return true }
        return (try? TarHeader(block)) != nil
    }
}
