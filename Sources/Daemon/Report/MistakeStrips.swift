import Foundation
import Pipeline

/// The clips that the model is most wrong about, with the frames that it saw.
struct MistakeStrips {
    private static let most = 20
    /// Bytes of all pictures together; later ones are left out, so that a page stays quick to open.
    private static let pictureBytes = 3 << 20

    let report: EvaluationReport

    var html: String {
        let clips = report.document.clips
        let wrong = clips.indices.filter { clips[$0].place.map { $0 > 1 } ?? false }
        guard !wrong.isEmpty else { return "<p>None: every clip with scores is right.</p>" }
        let worst = wrong.sorted { (clips[$1].margin ?? 0, $0) < (clips[$0].margin ?? 0, $1) }.prefix(Self.most)
        var left = Self.pictureBytes
        let parts = worst.map { index in mistake(clips[index], pictures(index, left: &left)) }
        return "<p class=\"soft\">\(wrong.count) clips are wrong; by how far another class beats theirs, "
            + "\(worst.count == wrong.count ? "all" : "the worst \(worst.count)").</p>\n"
            + parts.joined(separator: "\n")
    }

    private func pictures(_ index: Int, left: inout Int) -> String {
        let side = EvaluationReport.thumbnailSide
        guard left > 0, let all = try? report.thumbnails(index) else { return "" }
        let count = min(all.count, PictureStrip.mostAcross)
        let some = (0..<count).map { all[$0 * all.count / count] }
        guard let strip = PictureStrip(side: side, pictures: some) else { return "" }
        let html = strip.html(describedBy: "Frames of \(report.document.clips[index].name)")
        left -= html.utf8.count
        return left >= 0 ? html : ""
    }

    private func mistake(_ clip: ClipOutcome, _ pictures: String) -> String {
        let labels = report.document.labels
        let own = clip.classes.map { labels[$0] }.joined(separator: ", ")
        let given = zip(clip.best, clip.bestScores).prefix(3).map { "\(labels[$0]) \(Self.score($1))" }
        return """
            <div class="mistake">\(pictures)
            <p><b>\(own.inHTML)</b> \(Self.score(clip.score ?? 0)), place \(clip.place ?? 0); taken for \
            <b class="bad">\((given.first ?? "").inHTML)</b>\
            \(given.count > 1 ? ", then " + given.dropFirst().joined(separator: ", ").inHTML : "")</p>
            <p class="soft"><code>\(clip.name.inHTML)</code></p></div>
            """
    }

    private static func score(_ value: Float) -> String { String(format: "%.3f", value) }
}
