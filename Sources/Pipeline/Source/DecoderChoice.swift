/// Decides which decoders may be tried for a camera: hardware first, where there is any, and software once that has failed.
///
/// Which decoder fits a stream, and whether a device opens, GStreamer finds out as it tries one after the other by rank. What
/// it cannot undo is a decoder that opens and then fails: then the pipeline is built anew without hardware.
package struct DecoderChoice: Sendable, Equatable {
    package enum Preference: String, Sendable, CaseIterable {
        /// Hardware if there is some that works.
        case auto
        case software
    }

    /// What a factory says that it is and where it stands, as GStreamer has it.
    package struct Candidate: Sendable, Equatable {
        package let name: String
        /// `Codec/Decoder/Video/Hardware`
        package let role: String
        package let rank: Int

        package init(name: String, role: String, rank: Int) {
            self.name = name
            self.role = role
            self.rank = rank
        }

        package var isHardware: Bool { role.contains("Decoder") && role.contains("Hardware") }
    }

    /// What GStreamer gives the usual decoder of a format.
    private static let primaryRank = 256

    /// Decoders of VA-API and V4L2, which are the ones that Linux cameras' boxes have.
    private static let preferredNames = ["va", "v4l2"]

    private let preference: Preference
    /// Set once hardware has failed; it is not tried again.
    package private(set) var hasHardwareFailed = false

    package init(_ preference: Preference) { self.preference = preference }

    package var admitsHardware: Bool { preference == .auto && !hasHardwareFailed }

    package func admits(_ candidate: Candidate) -> Bool { admitsHardware || !candidate.isHardware }

    /// The rank that a factory should have so that it is tried before software; nil to leave it.
    /// - Parameter rankedByUser: names in `GST_PLUGIN_FEATURE_RANK`, where whoever runs the daemon has decided.
    package static func rank(for candidate: Candidate, rankedByUser: Set<String> = []) -> Int? {
        guard candidate.isHardware, preferredNames.contains(where: { candidate.name.hasPrefix($0) }),
            candidate.rank <= primaryRank, !rankedByUser.contains(candidate.name)
        else { return nil }
        return primaryRank + 1
    }

    /// To be told when a pipeline is given up. True if it should be built anew at once, in software.
    /// - Parameters:
    ///   - usedHardware: whether its decoder was hardware.
    ///   - frames: that it delivered. After the first the decoder works, and the fault is the stream's.
    package mutating func pipelineFailed(usedHardware: Bool, frames: Int) -> Bool {
        guard admitsHardware, usedHardware, frames == 0 else { return false }
        hasHardwareFailed = true
        return true
    }
}
