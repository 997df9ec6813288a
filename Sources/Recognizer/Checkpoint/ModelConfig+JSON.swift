import Foundation

extension ModelConfig {
    private static let sizeKeys = [
        "image_size", "patch_size", "frames", "vision_width", "vision_layers", "temporal_layers", "embed_dim",
        "text_width", "text_layers", "context_length", "vocab_size",
    ]
    private static let otherKeys = [
        "name", "mask", "mean", "deviation", "tokenizer", "labels", "ignore", "templates", "provenance",
        "bf16", "int8",
    ]
    private static let agreementKeys = ["weights", "windows", "top1", "float_layers"]
    private static let provenanceKeys = ["source", "sha256", "bytes", "header_sha256"]

    /// Reads the text of a `config.json`.
    ///
    /// Only the sizes and the mask are required: `temporal_layers` is a third of `vision_layers`, the normalisation
    /// CLAVER's, the template `{}`, and the tokenizer the one that the vocabulary asks for.
    package init(json bytes: UnsafeRawBufferPointer, path: String, defaultName: String) throws(RecognizerError) {
        let document = try JSONParser.parse(bytes, path: path)
        guard let object = document.object else { throw .malformed(path: path, reason: "the text is no JSON object") }
        let reader = Fields(object: object, path: path)
        try reader.accept(Self.sizeKeys + Self.otherKeys)
        let layers = try reader.size("vision_layers")
        let mask: KroneckerMask = try reader.choice("mask")
        let geometry = ModelGeometry(
            imageSize: try reader.size("image_size"), patchSize: try reader.size("patch_size"),
            frames: try reader.size("frames"), visionWidth: try reader.size("vision_width"), visionLayers: layers,
            temporalLayers: object["temporal_layers"] == nil ? layers / 3 : try reader.size("temporal_layers"),
            embeddingWidth: try reader.size("embed_dim"), textWidth: try reader.size("text_width"),
            textLayers: try reader.size("text_layers"), contextLength: try reader.size("context_length"),
            vocabularySize: try reader.size("vocab_size"), mask: mask)
        if let fault = geometry.fault { throw .configuration(path: path, key: fault.key, reason: fault.reason) }
        let smallest = geometry.vocabularySize == MergesFile.byteVocabulary
        self.init(
            name: try reader.text("name") ?? defaultName, geometry: geometry,
            mean: try reader.colour("mean") ?? Self.imageNetMean,
            deviation: try reader.colour("deviation") ?? Self.imageNetDeviation,
            tokenizer: object["tokenizer"] == nil ? (smallest ? .bytes : .clip) : try reader.choice("tokenizer"),
            labels: try reader.texts("labels") ?? [], ignore: try reader.texts("ignore") ?? [],
            templates: try reader.texts("templates") ?? ["{}"])
        provenance = try Self.provenance(object["provenance"], path: path)
        bf16 = try Self.agreement("bf16", object["bf16"], path: path)
        int8 = try Self.agreement("int8", object["int8"], path: path)
        try check(path: path)
    }

    private func check(path: String) throws(RecognizerError) {
        func wrong(_ key: String, _ reason: String) -> RecognizerError {
            .configuration(path: path, key: key, reason: reason)
        }
        guard !name.unicodeScalars.contains(where: \.isUnprintable) else {
            throw wrong("name", "holds control characters, accepted is a line of printable text")
        }
        if tokenizer == .bytes, geometry.vocabularySize != MergesFile.byteVocabulary {
            throw wrong(
                "tokenizer",
                "\"bytes\" has a vocabulary of \(MergesFile.byteVocabulary), not \(geometry.vocabularySize)")
        }
        guard deviation.allSatisfy({ $0 > 0 }) else { throw wrong("deviation", "a value is not positive") }
        guard !templates.isEmpty else { throw wrong("templates", "the list is empty, accepted is at least [\"{}\"]") }
        for template in templates where template.components(separatedBy: "{}").count != 2 {
            throw wrong("templates", "\"\(template)\" does not hold {} exactly once")
        }
        for (key, texts) in [("labels", labels), ("ignore", ignore)] {
            var seen: Set<String> = []
            for text in texts {
                guard !text.isEmpty else { throw wrong(key, "a label is empty") }
                guard seen.insert(text).inserted else { throw wrong(key, "\"\(text)\" stands twice") }
            }
        }
    }

    /// The name of a model that is called after its directory; without what a name must not have.
    package static func name(of directory: String) -> String {
        let last = directory.split(separator: "/").last ?? ""
        let printable = String(String.UnicodeScalarView(last.unicodeScalars.filter { !$0.isUnprintable }))
        return printable.isEmpty ? "model" : printable
    }

    private static func provenance(_ value: JSONValue?, path: String) throws(RecognizerError) -> Provenance? {
        guard let value else { return nil }
        guard let object = value.object else {
            throw .configuration(path: path, key: "provenance", reason: "found \(value.kind), accepted is an object")
        }
        let reader = Fields(object: object, path: path)
        try reader.accept(provenanceKeys)
        return Provenance(
            source: try reader.text("source") ?? "", sha256: try reader.text("sha256"),
            byteCount: object["bytes"] == nil ? nil : try reader.size("bytes"),
            headerSHA256: try reader.text("header_sha256"))
    }

    private static func agreement(
        _ key: String, _ value: JSONValue?, path: String
    ) throws(RecognizerError) -> PrecisionAgreement? {
        guard let value else { return nil }
        guard let object = value.object else {
            throw .configuration(path: path, key: key, reason: "found \(value.kind), accepted is an object")
        }
        let reader = Fields(object: object, path: path)
        try reader.accept(agreementKeys)
        guard let top1 = object["top1"]?.double, (0...1).contains(top1) else {
            throw .configuration(path: path, key: "\(key).top1", reason: "accepted is a number from 0 to 1")
        }
        return PrecisionAgreement(
            weightsDigest: try reader.text("weights") ?? "", windows: try reader.size("windows"), top1: top1,
            floatLayers: try reader.texts("float_layers") ?? [])
    }

    /// Typed access to the members of one object.
    private struct Fields {
        let object: [String: JSONValue]
        let path: String

        func accept(_ keys: [String]) throws(RecognizerError) {
            for key in object.keys.sorted() where !keys.contains(key) {
                let nearest = NearestName.find(key, among: keys)
                throw .configuration(
                    path: path, key: key,
                    reason: "unknown key" + (nearest.map { ", the nearest is \"\($0)\"" } ?? "")
                        + "; accepted are \(keys.joined(separator: ", "))")
            }
        }

        private func wrong(_ key: String, accepted: String) -> RecognizerError {
            let found = object[key].map { "found \($0.kind)" } ?? "missing"
            return .configuration(path: path, key: key, reason: "\(found), accepted is \(accepted)")
        }

        func size(_ key: String) throws(RecognizerError) -> Int {
            guard let value = object[key]?.integer, value >= 0 else { throw wrong(key, accepted: "a whole number") }
            return value
        }

        func choice<Choice: RawRepresentable & CaseIterable>(
            _ key: String
        ) throws(RecognizerError) -> Choice where Choice.RawValue == String {
            guard let choice = object[key]?.string.flatMap(Choice.init(rawValue:)) else {
                throw wrong(key, accepted: Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or "))
            }
            return choice
        }

        func text(_ key: String) throws(RecognizerError) -> String? {
            guard let value = object[key] else { return nil }
            guard let text = value.string else { throw wrong(key, accepted: "a string") }
            return text
        }

        func texts(_ key: String) throws(RecognizerError) -> [String]? {
            guard let value = object[key] else { return nil }
            guard let texts = value.strings else { throw wrong(key, accepted: "a list of strings") }
            return texts
        }

        func colour(_ key: String) throws(RecognizerError) -> [Float]? {
            guard let value = object[key] else { return nil }
            let numbers = value.array?.compactMap(\.double).map(Float.init) ?? []
            guard numbers.count == 3, value.array?.count == 3, numbers.allSatisfy(\.isFinite) else {
                throw wrong(key, accepted: "three numbers: red, green, blue")
            }
            return numbers
        }
    }

    /// The text of a complete `config.json`.
    package var json: String {
        let list = { (texts: [String]) in "[" + texts.map(JSONText.quote).joined(separator: ", ") + "]" }
        let colour = { (values: [Float]) in "[" + values.map { "\($0)" }.joined(separator: ", ") + "]" }
        var members: [(String, String)] = [
            ("name", JSONText.quote(name)),
            ("image_size", String(geometry.imageSize)),
            ("patch_size", String(geometry.patchSize)),
            ("frames", String(geometry.frames)),
            ("vision_width", String(geometry.visionWidth)),
            ("vision_layers", String(geometry.visionLayers)),
            ("temporal_layers", String(geometry.temporalLayers)),
            ("embed_dim", String(geometry.embeddingWidth)),
            ("text_width", String(geometry.textWidth)),
            ("text_layers", String(geometry.textLayers)),
            ("context_length", String(geometry.contextLength)),
            ("vocab_size", String(geometry.vocabularySize)),
            ("mask", JSONText.quote(geometry.mask.rawValue)),
            ("mean", colour(mean)),
            ("deviation", colour(deviation)),
            ("tokenizer", JSONText.quote(tokenizer.rawValue)),
            ("labels", list(labels)),
            ("ignore", list(ignore)),
            ("templates", list(templates)),
        ]
        if let provenance { members.append(("provenance", Self.json(provenance))) }
        if let bf16 { members.append(("bf16", Self.json(bf16))) }
        if let int8 { members.append(("int8", Self.json(int8))) }
        return "{\n" + members.map { "  \(JSONText.quote($0)): \($1)" }.joined(separator: ",\n") + "\n}\n"
    }

    private static func json(_ provenance: Provenance) -> String {
        var members = ["\"source\": " + JSONText.quote(provenance.source)]
        if let sha256 = provenance.sha256 { members.append("\"sha256\": " + JSONText.quote(sha256)) }
        if let byteCount = provenance.byteCount { members.append("\"bytes\": \(byteCount)") }
        if let header = provenance.headerSHA256 { members.append("\"header_sha256\": " + JSONText.quote(header)) }
        return "{\n" + members.map { "    " + $0 }.joined(separator: ",\n") + "\n  }"
    }

    private static func json(_ agreement: PrecisionAgreement) -> String {
        let layers = agreement.floatLayers.map(JSONText.quote).joined(separator: ", ")
        let members = [
            "\"weights\": " + JSONText.quote(agreement.weightsDigest), "\"windows\": \(agreement.windows)",
            "\"top1\": \(agreement.top1)", "\"float_layers\": [\(layers)]",
        ]
        return "{\n" + members.map { "    " + $0 }.joined(separator: ",\n") + "\n  }"
    }
}
