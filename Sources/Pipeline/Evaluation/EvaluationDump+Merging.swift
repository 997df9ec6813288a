import Recognizer

extension EvaluationDump {
    /// Puts the parts of one evaluation together.
    ///
    /// - Parameters:
    ///   - parts: with the names of their files.
    ///   - directory: where there is room for the features.
    /// - Throws: `EvaluationError.different` when a part is of another evaluation, `.incomplete` when clips are missing or
    ///   stand in two parts.
    package static func merging(
        _ parts: [(path: String, dump: EvaluationDump)], directory: String
    ) throws -> EvaluationDump {
        guard let first = parts.first else { throw EvaluationError.incomplete(reason: "there is nothing to merge") }
        let whole = first.dump
        let store = try FeatureStore(
            clips: whole.total, views: whole.views, width: whole.width, directory: directory)
        var clips = [Clip?](repeating: nil, count: whole.total)
        var seconds = 0.0
        for (path, part) in parts {
            var differences = whole.record.differences(from: part.record)
            if part.vocabulary.labels != whole.vocabulary.labels { differences.append("labels: other ones") }
            if part.total != whole.total { differences.append("clips: \(part.total) there, \(whole.total) here") }
            if part.views != whole.views || part.width != whole.width { differences.append("features: of other sizes") }
            guard differences.isEmpty else { throw EvaluationError.different(path: path, differences: differences) }
            seconds += part.record.seconds
            guard let features = part.features.mappedFloats else { continue }
            for (place, index) in part.indices.enumerated() {
                guard clips[index] == nil else {
                    throw EvaluationError.incomplete(
                        reason: "\(path): clip \(part.clips[place].name) is in another part as well")
                }
                clips[index] = part.clips[place]
                let row = place * part.views * part.width..<(place + 1) * part.views * part.width
                store.keep(UnsafeBufferPointer(rebasing: features[row]), of: index)
            }
        }
        let present = clips.compactMap { $0 }
        guard present.count == clips.count else {
            throw EvaluationError.incomplete(
                reason:
                    "\(clips.count - present.count) of \(clips.count) clips are in none of the \(parts.count) parts;"
                    + " the first is number \((clips.firstIndex { $0 == nil } ?? 0) + 1) of the list")
        }
        var merged = whole
        merged.record.seconds = seconds
        merged.indices = Array(0..<whole.total)
        merged.clips = present
        merged.features = store.tensor
        return merged
    }
}
