import Foundation
import Pipeline
import Recognizer

/// The file of one family while it is made. Each class is appended to `NAME.csv.partial` and flushed as soon as it is complete;
/// when none is missing, `NAME.csv` is put in place as a whole. So `NAME.csv` is always usable, and a run that was stopped,
/// even by a loss of power, goes on where it was.
final class PromptFile {
    let path: String
    /// By class id; `count` texts where the class is complete.
    private(set) var texts: [[String]]
    private let count: Int
    private var partial: FileHandle?

    private var partialPath: String { path + ".partial" }

    /// Reads what is there; writes nothing.
    ///
    /// Throws `CommandFailure` for texts that do not belong to these classes or do not fit the limit, `RecognizerError` for a
    /// damaged file.
    init(path: String, classes: Int, count: Int, limit: TextLimit) throws {
        self.path = path
        self.count = count
        texts = Array(repeating: [], count: classes)
        for file in [path, path + ".partial"] where FileManager.default.fileExists(atPath: file) {
            let rows = try Self.rows(file, isPartial: file != path)
            var found = [[String]](repeating: [], count: classes)
            for (id, sentence) in rows {
                guard id < classes else {
                    throw CommandFailure(
                        .dataError,
                        "\(file): class \(id), but the labels have \(classes) classes; choose another --output")
                }
                guard limit.fits(sentence) else {
                    throw CommandFailure(
                        .dataError,
                        "\(file): class \(id) has a text of \(limit.tokens(sentence)) tokens, --model reads at most "
                            + "\(limit.contextLength); choose another --output")
                }
                found[id].append(sentence)
            }
            // The newer of the two holds what the older held, as far as it goes.
            for id in found.indices where found[id].count > texts[id].count { texts[id] = found[id] }
        }
        if let most = texts.map(\.count).max(), most > count {
            throw CommandFailure(
                .usage,
                "\(path): \(most) texts per class are there already; ask for as many with --per-class, or choose another --output"
            )
        }
    }

    /// Ids of classes that lack texts.
    var pending: [Int] { texts.indices.filter { texts[$0].count < count } }

    /// Makes ready for `complete`. What was torn when the last run ended is gone afterwards.
    func begin() throws {
        try ReplacementFile.write(ListFile.promptText(rows), to: partialPath)
        guard let handle = FileHandle(forWritingAtPath: partialPath) else {
            throw CommandFailure(.cannotCreate, "\(partialPath): cannot be written")
        }
        try handle.seekToEnd()
        partial = handle
    }

    /// Keeps the texts of one class, those included that were there before. They are on the disk when this returns.
    func complete(_ id: Int, _ all: [String]) throws {
        let new = all.dropFirst(all.starts(with: texts[id]) ? texts[id].count : 0)
        texts[id] = all
        do {
            try partial?.write(contentsOf: Data(ListFile.promptLines(new.map { (id, $0) }).utf8))
            try partial?.synchronize()
        } catch {
            throw CommandFailure(.ioError, "\(partialPath): \(error.systemReason)")
        }
    }

    /// Puts the finished file in place.
    func finish() throws {
        try? partial?.close()
        partial = nil
        try ReplacementFile.write(ListFile.promptText(rows), to: path)
        try? FileManager.default.removeItem(atPath: partialPath)
    }

    /// Sorted by class.
    private var rows: [(id: Int, sentence: String)] {
        texts.indices.flatMap { id in texts[id].map { (id, $0) } }
    }

    private static func rows(_ file: String, isPartial: Bool) throws -> [(id: Int, sentence: String)] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file))
        } catch {
            throw CommandFailure(.noInput, "\(file): \(error.systemReason)")
        }
        // A row without its line break was being written when the run ended.
        let whole = isPartial ? data.prefix((data.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1) : data
        guard let text = String(validating: whole, as: UTF8.self) else {
            throw CommandFailure(.dataError, "\(file): not UTF-8")
        }
        let hasRows = text.split(whereSeparator: \.isNewline).count > 1
        return isPartial && !hasRows ? [] : try ListFile.promptRows(text: text, path: file)
    }
}
