import Foundation
import Pipeline

/// One camera or file: where its pictures come from and what differs from the rest of the configuration.
struct CameraSettings: Sendable, Equatable {
    /// One MQTT topic level.
    let name: String
    /// Where the pictures come from; a path has become absolute.
    let source: SourceLocation
    /// The source as it may be shown: as written, references unresolved and passwords masked.
    let shownSource: String
    /// Nil: the configuration's `actions`.
    let actions: [ActionSettings]?
    /// Nil: the configuration's `ignore`.
    let ignore: [String]?
    let sampling: SamplingSettings
    let gate: GateSettings
    /// Which compressed pictures are decoded.
    let decode: KeyFrameFilter.Mode
    let decoder: DecoderChoice.Preference
    let events: EventSettings
    /// The part of the picture that is looked at, after rotation.
    let region: Region
    let rotation: Rotation
    let enabled: Bool
    /// Key path of the camera's mapping, `cameras[0]`.
    let path: String

    /// A rectangle in fractions of the picture, origin at the top left.
    struct Region: Sendable, Equatable {
        var x = 0.0
        var y = 0.0
        var width = 1.0
        var height = 1.0

        static let keys = ["x", "y", "width", "height"]
    }

    /// Clockwise turn that brings the picture upright, in degrees.
    enum Rotation: Int, Sendable, CaseIterable {
        case none = 0
        case quarter = 90
        case half = 180
        case threeQuarters = 270
    }

    static let keys = [
        "name", "source", "actions", "ignore", "sampling", "gate", "decode", "decoder", "events", "region", "rotation",
        "enabled",
    ]
}

extension CameraSettings {
    /// - Parameters:
    ///   - written: the same mapping before secrets were resolved.
    ///   - base: directory that a relative path starts from.
    init(
        _ reader: SettingsReader, written: SettingsNode, base: String, sampling: SamplingSettings, gate: GateSettings,
        events: EventSettings
    ) throws {
        path = reader.path
        name = try reader.requiredText("name")
        if let reason = Self.objection(toName: name) { throw reader.error("name", reason) }
        source = try Self.source(reader, base: base)
        shownSource = Self.shown(source, written: written)
        actions = try reader.actions("actions")
        ignore = try reader.lines("ignore")
        self.sampling = try SamplingSettings(
            reader.block("sampling", keys: SamplingSettings.keys), inherited: sampling)
        self.gate = try GateSettings(reader, inherited: gate)
        decode = try reader.choice("decode") ?? .auto
        decoder = try reader.choice("decoder") ?? .auto
        self.events = try EventSettings(reader.block("events", keys: EventSettings.keys), inherited: events)
        region = try Region(reader.block("region", keys: Region.keys))
        let degrees = try reader.integer("rotation", in: 0...270) ?? 0
        guard let rotation = Rotation(rawValue: degrees) else {
            throw reader.error("rotation", "expected one of 0, 90, 180, 270, found \(degrees)")
        }
        self.rotation = rotation
        enabled = try reader.bool("enabled") ?? true
    }

    /// Why a name cannot be one MQTT topic level, if it cannot.
    static func objection(toName name: String) -> String? {
        if name.isEmpty || name.count > 64 { return "expected 1 to 64 characters, found \(name.count)" }
        if let bad = name.first(where: { "/+#".contains($0) }) {
            return "\"\(name.escapedForLog)\" has a \"\(bad)\"; a name is one MQTT topic level, without / + #"
        }
        if name.hasPrefix("$") { return "\"\(name.escapedForLog)\" begins with \"$\", which MQTT keeps for brokers" }
        let refused: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        if name.unicodeScalars.contains(where: { refused.contains($0.properties.generalCategory) }) {
            return "a control character in \"\(name.escapedForLog)\""
        }
        if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
            return "\"\(name.escapedForLog)\" begins or ends with a space"
        }
        return nil
    }

    private static func source(_ reader: SettingsReader, base: String) throws -> SourceLocation {
        let text = try reader.requiredText("source")
        guard !text.isEmpty else { throw reader.error("source", "expected \(SourceLocation.acceptedForms)") }
        do {
            guard case .file(let path) = try SourceLocation(text) else { return try SourceLocation(text) }
            return .file(path: URL(filePath: path, relativeTo: URL(filePath: base, directoryHint: .isDirectory)).path)
        } catch PipelineError.sourceRefused(_, let reason) {
            throw reader.error("source", reason)
        }
    }

    private static func shown(_ source: SourceLocation, written: SettingsNode) -> String {
        guard case .mapping(let entries, _) = written,
            case .scalar(let text, _, _)? = entries.first(where: { $0.key == "source" })?.value
        else { return source.redacted }
        if case .file(let path) = source, !text.contains("${") { return path }
        return URIText.masked(text)
    }
}

extension CameraSettings.Region {
    init(_ reader: SettingsReader?) throws {
        guard let reader else { return }
        x = try reader.number("x", in: 0...1) ?? 0
        y = try reader.number("y", in: 0...1) ?? 0
        width = try reader.number("width", in: 0.01...1) ?? 1 - x
        height = try reader.number("height", in: 0.01...1) ?? 1 - y
        // A thousandth of slack lets 0.333 + 0.667 pass as written.
        guard x + width <= 1.001 else {
            throw reader.error("width", "x + width is \(x + width), at most 1 is accepted")
        }
        guard y + height <= 1.001 else {
            throw reader.error("height", "y + height is \(y + height), at most 1 is accepted")
        }
        guard width > 0, height > 0 else { throw reader.error("x", "nothing is left of the picture") }
    }
}
