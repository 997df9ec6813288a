extension ViewProtocol {
    /// The protocol that an evaluation's record names; nil if it names none.
    package init?(_ record: EvaluationRecord) {
        guard record.frames > 0, let counts = Self.counts(record.views), let sampling = Sampling(record.sampling) else {
            return nil
        }
        self.init(
            frames: record.frames, clips: counts.clips, crops: counts.crops, sampling: sampling, seed: record.seed)
    }
}

extension ViewProtocol.Sampling {
    /// As an evaluation's record has it: `segments`, `dense/8`.
    package var text: String {
        switch self {
        case .segments: "segments"
        case .dense(let stride): "dense/\(stride)"
        }
    }

    fileprivate init?(_ text: String) {
        let parts = text.split(separator: "/")
        if parts == ["segments"] {
            self = .segments
        } else if parts.count == 2, parts[0] == "dense", let stride = Int(parts[1]), stride > 0 {
            self = .dense(stride: stride)
        } else {
            return nil
        }
    }
}
