import Foundation
import Pipeline
import Recognizer

/// `report.json`, which has everything but the full scores, and `report.html`, which shows it.
struct EvaluationReport {
    /// Side of the thumbnails, in pixels.
    static let thumbnailSide = 96
    static let jsonName = "report.json"
    static let htmlName = "report.html"

    /// What `report.json` says.
    struct Document: Codable {
        var schema = 1
        /// The words of the command line.
        let command: [String]
        let record: EvaluationRecord
        let labels: [String]
        let metrics: EvaluationMetrics
        /// In the order of the list.
        let clips: [ClipOutcome]
    }

    let document: Document
    /// The pictures of a clip by its place in the list; see `write`.
    let thumbnails: (Int) throws -> [[UInt8]]

    /// Writes both files, over older ones.
    ///
    /// - Parameters:
    ///   - command: what the report says it was made by.
    ///   - thumbnails: of the clip at a place of the list, the frames that the model saw: (T), each (side, side, 3) of
    ///     `thumbnailSide`. Asked for the worst mistakes only; a clip for which it throws or gives none is shown without.
    ///   - directory: made where it is missing.
    /// - Throws: `PipelineError` for a result without clips, `CommandFailure` or `RecognizerError` if the files cannot be
    ///   written.
    static func write(
        result: EvaluationResult, metrics: EvaluationMetrics, command: [String] = CommandLine.arguments,
        thumbnails: (Int) throws -> [[UInt8]], to directory: String
    ) throws {
        let summary = try EvaluationSummary(result)
        let document = Document(
            command: command, record: summary.record, labels: summary.labels, metrics: metrics, clips: summary.clips)
        let json = try encoder.encode(document)
        let page = withoutActuallyEscaping(thumbnails) {
            EvaluationReport(document: document, thumbnails: $0).page.text
        }
        try OutputFolder.write([(jsonName, String(decoding: json, as: UTF8.self)), (htmlName, page)], to: directory)
    }

    /// Reads a `report.json`, or the one in a directory.
    ///
    /// - Throws: `CommandFailure` if there is none, `PipelineError` if it is no report.
    static func read(_ path: String) throws -> EvaluationSummary {
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        let file = exists && isDirectory.boolValue ? path + "/" + jsonName : path
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file))
        } catch {
            throw CommandFailure(.noInput, "\(file): no report there (\(error.systemReason))")
        }
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let document = try decoder.decode(Document.self, from: data)
            return try EvaluationSummary(labels: document.labels, clips: document.clips, record: document.record)
        } catch let error as DecodingError {
            throw PipelineError.unreadable(source: file, reason: "not a report of claverd eval: \(error.place)")
        }
    }

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }
}

extension DecodingError {
    /// Where in the document, and what is wrong there.
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, let context): "\(Self.path(context)) lacks \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(Self.path(context)): \(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }

    private static func path(_ context: Context) -> String {
        context.codingPath.isEmpty ? "the document" : context.codingPath.map(\.stringValue).joined(separator: ".")
    }
}
