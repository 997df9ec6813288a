package import Recognizer

/// Reads frames of clips by their number in the order in which they are shown, exactly.
///
/// Where the packets tell by themselves how many frames there are (H.264, H.265, VP8 and VP9 in MP4 and Matroska), only what the
/// wanted frames need is decoded, each group of pictures once. Whatever else, and any clip whose decoder does not deliver what
/// its packets promised, is decoded from the beginning to the end to be counted.
///
/// One thread's; its decoder is kept from clip to clip.
package final class ClipDecoder {
    /// What the caller wants of a clip.
    struct Request {
        /// The numbers of the frames that are wanted of a clip with so many; may be asked several times.
        let wanted: (_ total: Int) -> Set<Int>
        /// Called with each wanted frame, in order. With another total than before, all that came before is void.
        let take: (_ total: Int, _ index: Int, _ frame: SampleFrame) throws -> Void
    }

    private var kept: PictureDecoder?

    package init() {}

    /// Reads the frames that `wanted` asks for, and returns how many frames the clip has. Blocks its thread.
    ///
    /// - Parameters:
    ///   - timeLimit: without progress for so long the clip is given up.
    ///   - wanted: numbers of frames of a clip with `total`; those outside `0..<total` are ignored. May be called several times and
    ///     must then answer the same.
    ///   - take: called with each wanted frame once, in order, on this thread. A call with another total than the one before
    ///     makes all that came before void.
    package func read(
        _ location: ClipLocation, timeLimit: Duration = .seconds(30), wanted: @escaping (_ total: Int) -> [Int],
        take: @escaping (_ total: Int, _ index: Int, _ frame: PixelFrame) -> Void
    ) throws(ClipFailure) -> Int {
        try read(location, watch: ClipWatch(limit: timeLimit), wanted: wanted, take: take)
    }

    func read(
        _ location: ClipLocation, watch: ClipWatch, wanted: @escaping (_ total: Int) -> [Int],
        take: @escaping (_ total: Int, _ index: Int, _ frame: PixelFrame) -> Void
    ) throws(ClipFailure) -> Int {
        let request = Request(wanted: { Set(wanted($0)) }) { total, index, frame in
            try frame.withPixels { take(total, index, $0) }
        }
        return try read(location, watch: watch, request)
    }

    private func read(_ location: ClipLocation, watch: ClipWatch, _ request: Request) throws(ClipFailure) -> Int {
        do throws(PipelineError) {
            try GStreamerRuntime.start()
        } catch {
            throw ClipFailure(kind: .undecodable, reason: "\(error)")
        }
        let file = try ClipFile(location)
        var run: ClipDecoderRun
        do {
            run = try ClipDecoderRun(file: file, watch: watch)
            let decoder = try decoder(for: run.format, name: file.name)
            let total = try run.read(with: decoder, request)
            kept = decoder
            return total
        } catch let failure as ClipFailure {
            throw failure
        } catch {
            // A reader that was told to end fails in many ways.
            if let verdict = watch.verdict { throw watch.failure(file.name, verdict) }
            throw ClipFailure(kind: .undecodable, reason: "\(error)")
        }
    }

    /// The decoder of the clip before, if it fits; a failure during the reading loses it.
    private func decoder(for format: PacketFormat, name: String) throws -> PictureDecoder {
        defer { kept = nil }
        if let kept, kept.accepts(format) { return kept }
        return try PictureDecoder(format, name: name)
    }
}
