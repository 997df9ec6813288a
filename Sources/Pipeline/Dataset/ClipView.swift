package import Recognizer

/// One view of a clip: which frames, and which part of them. Several views of a clip are scored one by one and their scores
/// averaged.
package struct ClipView: Sendable, Equatable {
    /// (T), ascending, each below the clip's number of frames.
    package let indices: [Int]
    package let geometry: ViewGeometry

    package init(indices: [Int], geometry: ViewGeometry) {
        self.indices = indices
        self.geometry = geometry
    }
}

/// A clip read for a model.
package struct DecodedClip: Sendable {
    /// Frames that the whole clip has.
    package let totalFrames: Int
    package let views: [ClipView]
    /// (views, T, N, 3*P*P), normalised.
    package let patches: [Float]

    package init(totalFrames: Int, views: [ClipView], patches: [Float]) {
        self.totalFrames = totalFrames
        self.views = views
        self.patches = patches
    }
}

/// Why a clip could not be read. It stays in the denominator and is told by name.
package struct ClipFailure: Error, Equatable, Sendable, Codable, CustomStringConvertible {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The list names it, the store does not have it.
        case missing
        /// Zero bytes, or a video without frames.
        case empty
        /// No video stream.
        case audioOnly = "audio_only"
        case undecodable
        /// The decoder made no progress within the time limit.
        case hanging
        /// Not a regular file, or a playlist that would lead elsewhere.
        case refused
    }

    package let kind: Kind
    package let reason: String

    package init(kind: Kind, reason: String) {
        self.kind = kind
        self.reason = reason
    }

    package var description: String { "\(kind.rawValue): \(reason)" }
}
