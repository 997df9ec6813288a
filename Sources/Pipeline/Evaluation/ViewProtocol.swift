import Recognizer

/// Which frames and which parts of them stand for a clip: `clips` views in time, `crops` in space.
///
/// In segments, the clip is cut into T equal parts and view k of n takes from each the frame at the fraction (2k+1)/(2n) of
/// the part; one view is the middle frame of each, as `ClipSampling` has it. Dense, a view is T frames `stride` apart around
/// the middle of the k-th of n equal parts, moved inwards where it would leave the clip; a clip shorter than such a stretch
/// is seen in segments.
///
/// With a seed the places are drawn instead: in segments of whole length a frame of each, as in training; dense, where the
/// stretch begins. The draws depend on the seed and the clip's name alone, not on the order of the list.
package struct ViewProtocol: Sendable, Equatable {
    package enum Sampling: Sendable, Equatable {
        case segments
        /// Every `stride`-th frame of a stretch.
        case dense(stride: Int)
    }

    /// T
    package let frames: Int
    /// Views in time.
    package let clips: Int
    /// Views in space: 1, the centre after scaling the short side to 256/224 of the input; or 3, left, right and middle
    /// (top, bottom, middle) after scaling it to the input size.
    package let crops: Int
    package let sampling: Sampling
    package let seed: UInt64?

    package static let mostClips = 64

    /// - Precondition: `clips` is in 1...`mostClips`, `crops` is 1 or 3, a stride is positive.
    package init(frames: Int, clips: Int = 1, crops: Int = 1, sampling: Sampling = .segments, seed: UInt64? = nil) {
        precondition(frames > 0 && (1...Self.mostClips).contains(clips) && (crops == 1 || crops == 3))
        if case .dense(let stride) = sampling { precondition(stride > 0, "a stride of \(stride)") }
        self.frames = frames
        self.clips = clips
        self.crops = crops
        self.sampling = sampling
        self.seed = seed
    }

    /// Reads `4x3`; nil for what is not one of the accepted numbers of views.
    package static func counts(_ text: String) -> (clips: Int, crops: Int)? {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let clips = parts[0], let crops = parts[1], (1...mostClips).contains(clips),
            crops == 1 || crops == 3
        else { return nil }
        return (clips, crops)
    }

    /// Views of a clip.
    package var count: Int { clips * crops }

    /// A clip's views, those of one stretch of time beside each other; none of a clip without frames.
    package func views(of totalFrames: Int, clip name: String) -> [ClipView] {
        guard totalFrames > 0 else { return [] }
        var draws = seed.map { Draws(seed: $0, name: name) }
        let areas: [ViewGeometry.Crop] = crops == 1 ? [.centre] : [.third(0), .third(1), .third(2)]
        return (0..<clips).flatMap { clip in
            let indices = indices(of: totalFrames, clip: clip, draws: &draws)
            return areas.map { ClipView(indices: indices, geometry: ViewGeometry(crop: $0)) }
        }
    }

    private func indices(of total: Int, clip: Int, draws: inout Draws?) -> [Int] {
        if case .dense(let stride) = sampling, (frames - 1) * stride < total {
            let last = total - (frames - 1) * stride - 1
            let start = draws?.next(below: last + 1) ?? denseStart(of: total, clip: clip, stride: stride, last: last)
            return (0..<frames).map { start + $0 * stride }
        }
        guard draws != nil else {
            let interval = Double(total) / Double(frames)
            let offset = interval * Double(2 * clip + 1) / Double(2 * clips)
            return (0..<frames).map { min(Int(Double($0) * interval + offset), total - 1) }
        }
        let segment = total / frames
        guard segment > 0 else {
            let interval = Double(total) / Double(frames)
            return (0..<frames).map { min(Int((Double($0) * interval).rounded(.toNearestOrEven)), total - 1) }
        }
        return (0..<frames).map { $0 * segment + (draws?.next(below: segment) ?? 0) }
    }

    private func denseStart(of total: Int, clip: Int, stride: Int, last: Int) -> Int {
        let centre = Double(total) * Double(2 * clip + 1) / Double(2 * clips)
        let length = Double((frames - 1) * stride + 1)
        return min(max(Int((centre - length / 2).rounded(.down)), 0), last)
    }
}

/// Random numbers of one clip: SplitMix64, begun from the seed and the clip's name.
private struct Draws {
    private var state: UInt64

    init(seed: UInt64, name: String) {
        var hash = SHA256()
        hash.update("\(seed) \(name)")
        state = hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// In 0..<`bound`.
    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Int(z.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
