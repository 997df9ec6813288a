/// The reading of one clip: its packets, once or as often as its decoder needs them.
struct ClipDecoderRun {
    private let file: ClipFile
    private let watch: ClipWatch
    private var index = ClipDecoderIndex()
    private var orientation: String?
    /// All events of the demuxer, unless there is too much of them.
    private var events: [PacketEvent]? = []
    private var formats: [PacketFormat] = []

    /// Compressed bytes that are kept from the counting to the decoding; a clip with more is unpacked again.
    private static let packetLimit = 64 << 20
    /// Decoded bytes that are kept until the number of frames is known; with more the clip is decoded again.
    private static let pictureLimit = 128 << 20
    /// Between the times that the decoder sees; a decoder may reckon with them as with real ones.
    private static let period: UInt64 = 40_000_000

    /// The format of the first packet.
    let format: PacketFormat

    /// Unpacks the clip.
    init(file: ClipFile, watch: ClipWatch) throws {
        self.file = file
        self.watch = watch
        let reader = try PacketReader(file: file, watch: watch)
        var syntax: PacketSyntax?
        var byteCount = 0
        while true {
            let batch = try reader.next()
            if batch.isEmpty { break }
            for event in batch {
                switch event {
                case .format(let next):
                    if formats.last.map({ $0.isEqual(to: next) }) ?? false { continue }
                    if PictureShape.exceedsLimits(width: next.stream.width ?? 0, height: next.stream.height ?? 0) {
                        throw PictureShape.tooLarge(
                            width: next.stream.width ?? 0, height: next.stream.height ?? 0, source: file.name)
                    }
                    formats.append(next)
                    // With several formats the packets between may be lost to the decoder.
                    syntax = formats.count == 1 ? next.syntax : nil
                case .orientation(let turn): orientation = turn
                case .packet(let packet):
                    byteCount += packet.byteCount
                    index.append(
                        ClipDecoderIndex.Entry(
                            presentation: packet.presentation,
                            isShown: packet.presentation.map { file.edits.shows($0) } ?? true,
                            role: syntax.flatMap { packet.role($0) }))
                }
            }
            watch.noteProgress()
            if byteCount > Self.packetLimit { events = nil }
            events?.append(contentsOf: batch)
        }
        guard let format = formats.first, !index.entries.isEmpty else {
            throw ClipFailure(kind: .empty, reason: "\(file.name) has no frame")
        }
        self.format = format
    }

    /// Calls `body` with every event in order, and with the number of packets before it, until it says false.
    private func replay(_ body: (_ position: Int, _ event: PacketEvent) throws -> Bool) throws {
        var position = 0
        func hand(_ batch: [PacketEvent]) throws -> Bool {
            for event in batch {
                guard try body(position, event) else { return false }
                if case .packet = event { position += 1 }
                if let verdict = watch.verdict { throw watch.failure(file.name, verdict) }
            }
            return true
        }
        if let events {
            _ = try hand(events)
            return
        }
        let reader = try PacketReader(file: file, watch: watch)
        while true {
            let batch = try reader.next()
            if try batch.isEmpty || !hand(batch) { return }
        }
    }

    /// Delivers what `request` wants, and returns the number of frames.
    func read(with decoder: PictureDecoder, _ request: ClipDecoder.Request) throws -> Int {
        let ranks = index.ranks()
        if index.isCountable, let ranks, let total = try readCounted(with: decoder, ranks, request) { return total }
        return try readAll(with: decoder, ranks, request)
    }

    /// As `read`, trusting the packets. Nil if the decoder does not deliver what they promise.
    private func readCounted(
        with decoder: PictureDecoder, _ ranks: [Int?], _ request: ClipDecoder.Request
    ) throws -> Int? {
        let roles = index.entries.compactMap(\.role)
        // Frames in the order of showing, by their rank among all pictures.
        let shown = zip(ranks, index.entries).compactMap { rank, entry in entry.isShown ? rank : nil }.sorted()
        let total = shown.count
        guard total > 0 else { return nil }
        let wanted = request.wanted(total).filter { (0..<total).contains($0) }
        let numbers = Dictionary(uniqueKeysWithValues: wanted.map { (shown[$0], $0) })
        let schedule = ClipDecoderSchedule(roles: roles, ranks: ranks, wanted: Set(numbers.keys))
        guard !schedule.stretches.isEmpty else { return total }

        var (stretch, next) = (0, 0)
        var promised = schedule.stretches.flatMap { stretch in stretch.compactMap { ranks[$0] }.sorted() }[...]
        var isKept = true
        var number: Int?
        let outlet = PictureDecoder.Outlet(
            select: { time in
                watch.noteProgress()
                let rank = promised.popFirst()
                isKept = isKept && rank.map { UInt64($0) * Self.period } == time && time != nil
                number = isKept ? rank.flatMap { numbers[$0] } : nil
                return number != nil
            },
            take: { frame in
                if let number { try request.take(total, number, frame) }
            })
        decoder.begin(format, orientation: orientation)
        try replay { position, event in
            guard case .packet(let packet) = event, position == schedule.stretches[stretch][next] else { return true }
            try decoder.push(packet, at: Self.time(ranks[position]), to: outlet)
            next += 1
            guard next == schedule.stretches[stretch].count else { return isKept }
            try decoder.drain(to: outlet)
            (stretch, next) = (stretch + 1, 0)
            guard isKept, stretch < schedule.stretches.count else { return false }
            decoder.resume()
            return true
        }
        return isKept && promised.isEmpty ? total : nil
    }

    /// As `read`, for any clip: decodes all of it and counts what comes. What may be wanted by then is kept meanwhile.
    private func readAll(
        with decoder: PictureDecoder, _ ranks: [Int?]?, _ request: ClipDecoder.Request
    ) throws -> Int {
        // Most decoders deliver a picture for each packet, or one or two less.
        let guess = index.entries.count { $0.isShown && $0.role?.isPicture ?? true }
        let likely = (max(1, guess - 2)...guess + 1).reduce(into: Set<Int>()) { $0.formUnion(request.wanted($1)) }
        var kept: [Int: SampleFrame] = [:]
        var room = Self.pictureLimit
        let total = try decode(with: decoder, ranks, through: nil, select: { room > 0 && likely.contains($0) }) {
            kept[$0] = $1
            room -= $1.byteCount
        }
        guard total > 0 else {
            throw ClipFailure(
                kind: .undecodable, reason: "\(file.name): none of its \(index.entries.count) pictures can be decoded")
        }
        let wanted = request.wanted(total).filter { (0..<total).contains($0) }
        if wanted.isSubset(of: kept.keys) {
            for number in wanted.sorted() {
                if let frame = kept[number] { try request.take(total, number, frame) }
            }
        } else {
            kept = [:]
            _ = try decode(with: decoder, ranks, through: wanted.max(), select: wanted.contains) {
                try request.take(total, $0, $1)
            }
        }
        return total
    }

    /// Decodes everything in order, and returns the number of frames; at most up to the frame `last`.
    private func decode(
        with decoder: PictureDecoder, _ ranks: [Int?]?, through last: Int?, select: @escaping (Int) -> Bool,
        take: @escaping (Int, SampleFrame) throws -> Void
    ) throws -> Int {
        var hidden: Set<UInt64> = []
        for (position, entry) in index.entries.enumerated() where !entry.isShown {
            if let time = Self.time(ranks?[position]) { hidden.insert(time) }
        }
        var count = 0
        let outlet = PictureDecoder.Outlet(
            select: { time in
                watch.noteProgress()
                if let time, hidden.contains(time) { return false }
                count += 1
                return select(count - 1)
            },
            take: { try take(count - 1, $0) })
        var current = format
        decoder.begin(format, orientation: orientation)
        try replay { position, event in
            switch event {
            case .format(let next) where !next.isEqual(to: current):
                decoder.change(next)
                current = next
            case .packet(let packet):
                try decoder.push(packet, at: Self.time(ranks?[position]), to: outlet)
            case .format, .orientation: break
            }
            return last.map { count <= $0 } ?? true
        }
        if last.map({ count <= $0 }) ?? true { try decoder.drain(to: outlet) }
        return count
    }

    private static func time(_ rank: Int?) -> UInt64? { rank.map { UInt64($0) * period } }
}
