/// The packets of a clip in decoding order, and what is known without decoding any.
struct ClipDecoderIndex {
    struct Entry {
        /// Nanoseconds; nil if the container does not say.
        let presentation: Int64?
        /// False for what lies outside the edit list.
        let isShown: Bool
        /// Nil if the packet's bytes were not understood.
        let role: PacketSyntax.Role?
    }

    private(set) var entries: [Entry] = []

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// The place of each packet's picture among all pictures in the order in which they are shown, those outside the edit list
    /// included; nil for a packet without a picture. Nil altogether if the container's times do not tell.
    func ranks() -> [Int?]? {
        var ranks = [Int?](repeating: nil, count: entries.count)
        let pictures = entries.indices.filter { entries[$0].role?.isPicture ?? true }
        let times = pictures.compactMap { entries[$0].presentation }
        guard times.count == pictures.count, Set(times).count == times.count else { return nil }
        let sorted = zip(times, pictures).sorted { $0.0 < $1.0 }.map(\.1)
        for (rank, position) in sorted.enumerated() { ranks[position] = rank }
        return ranks
    }

    /// True if every packet was understood and decoding can begin at the first: then each packet is one picture, and the number of
    /// frames is known without decoding.
    var isCountable: Bool {
        entries.first?.role?.isEntry == true && entries.allSatisfy { $0.role != nil }
    }
}

/// Which packets to decode for some of a clip's pictures, when every packet is known to be one picture.
struct ClipDecoderSchedule: Equatable {
    /// Positions in decoding order. Each stretch begins where decoding may begin, is decoded by itself and lasts to the last of
    /// its group of pictures that is wanted, less what is neither wanted nor referred to.
    let stretches: [[Int]]

    /// - Parameters:
    ///   - ranks: place in the order of showing of each packet, nil without a picture.
    ///   - wanted: ranks of the wanted pictures.
    init(roles: [PacketSyntax.Role], ranks: [Int?], wanted: Set<Int>) {
        var stretches: [[Int]] = []
        var group: [Int] = []
        var length = 0
        for position in roles.indices {
            if roles[position].isEntry {
                if length > 0 { stretches.append(Array(group[..<length])) }
                (group, length) = ([], 0)
            }
            let isWanted = ranks[position].map { wanted.contains($0) } ?? false
            if isWanted || !roles[position].isDisposable { group.append(position) }
            if isWanted { length = group.count }
        }
        if length > 0 { stretches.append(Array(group[..<length])) }
        self.stretches = stretches
    }
}
