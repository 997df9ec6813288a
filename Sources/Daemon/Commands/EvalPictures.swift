import Pipeline

/// The frames that an evaluation saw of its clips, as small pictures.
struct EvalPictures {
    private let store: any ClipStore
    private let views: ViewProtocol
    private let names: [String]

    /// Nil if the clips are not where the record says, or elsewhere if `data` says where.
    init?(_ dump: EvaluationDump, data: String?, cache: String?) {
        guard let views = ViewProtocol(dump.record),
            let store = try? ClipStores.open(data ?? dump.record.data, cache: cache)
        else { return nil }
        self.store = store
        self.views = views
        names = dump.clips.map(\.name)
    }

    /// Of the clip at a place of the dump, the frames of its middle view: (T), RGB, each (side, side, 3). Blocks its thread.
    func thumbnails(of place: Int, side: Int) throws -> [[UInt8]] {
        guard let location = store.location(of: names[place]) else { return [] }
        return try ClipFrames.thumbnails(location: location, side: side) { total in
            let all = views.views(of: total, clip: names[place])
            return all.isEmpty ? [] : all[all.count / 2].indices
        }
    }
}
