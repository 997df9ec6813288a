/// One thing that is wrong with a data set.
package struct DatasetFinding: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The archive as a whole is damaged.
        case archive
        /// An entry of the folder or archive that is no clip and pretends to be.
        case entry
        /// A line of a list that is no clip.
        case line
        case classRange = "class_range"
        case classWithoutClips = "class_without_clips"
        case duplicate
        case missing
        /// The same clip is in both lists.
        case leakByName = "leak_by_name"
        /// Clips of different names with the same bytes are in both lists.
        case leakByContent = "leak_by_content"
        case empty
        case audioOnly = "audio_only"
        case undecodable
        case hanging
        case refused

        package init(_ kind: ClipFailure.Kind) {
            switch kind {
            case .missing: self = .missing
            case .empty: self = .empty
            case .audioOnly: self = .audioOnly
            case .undecodable: self = .undecodable
            case .hanging: self = .hanging
            case .refused: self = .refused
            }
        }
    }

    package let kind: Kind
    /// File of the list, if it is about one.
    package var list: String?
    /// In the list, from 1.
    package var line: Int?
    package var clip: String?
    package let reason: String

    package init(kind: Kind, list: String? = nil, line: Int? = nil, clip: String? = nil, reason: String) {
        self.kind = kind
        self.list = list
        self.line = line
        self.clip = clip
        self.reason = reason
    }
}

/// What `DatasetCheck` found.
package struct DatasetReport: Sendable, Equatable, Codable {
    package struct List: Sendable, Equatable, Codable {
        package let path: String
        package let clips: Int
        /// With at least one clip.
        package let classes: Int
        /// SHA-256 of the entries, hexadecimal.
        package let digest: String
    }

    package var data: String
    /// Clips that the folder or archive has.
    package var clips: Int
    /// Of these, in no list.
    package var unlisted: Int
    package var labels: Int
    package var lists: [List]
    /// Clips decoded from the first to the last frame.
    package var decoded: Int
    /// Clips whose decoding was not tried.
    package var notDecoded: Int
    package var findings: [DatasetFinding]

    package var isClean: Bool { findings.isEmpty }
}
