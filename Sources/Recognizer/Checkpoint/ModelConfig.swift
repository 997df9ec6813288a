/// How a model turns text into tokens.
package enum TokenizerKind: String, Sendable, Codable, CaseIterable {
    /// CLIP's byte-pair encoding, with the merges of `merges.txt`.
    case clip
    /// One token per byte: a vocabulary of 514 and no merges.
    case bytes
}

/// What a model directory's `config.json` says.
package struct ModelConfig: Sendable, Equatable {
    /// Where weights come from, and the digest that spares hashing them at every start.
    package struct Provenance: Sendable, Equatable {
        /// The file imported, or a sentence about the training.
        package var source: String
        /// SHA-256 of `model.safetensors`, hexadecimal.
        package var sha256: String?
        /// Size of `model.safetensors`.
        package var byteCount: Int?
        /// SHA-256 of the length field and header of `model.safetensors`, hexadecimal.
        package var headerSHA256: String?

        package init(source: String, sha256: String? = nil, byteCount: Int? = nil, headerSHA256: String? = nil) {
            self.source = source
            self.sha256 = sha256
            self.byteCount = byteCount
            self.headerSHA256 = headerSHA256
        }
    }

    package var name: String
    package var geometry: ModelGeometry
    /// Red, green, blue, in levels of 0...255.
    package var mean: [Float]
    /// Red, green, blue, in levels of 0...255.
    package var deviation: [Float]
    package var tokenizer: TokenizerKind
    /// The model's own classes, in the order of their ids; empty when it has none.
    package var labels: [String]
    /// Labels that compete for the score and never raise an event.
    package var ignore: [String]
    /// Sentences around a label, `{}` standing for it; never empty.
    package var templates: [String]
    package var provenance: Provenance?
    /// How bfloat16 agrees with float32, where that was tested.
    package var bf16: PrecisionAgreement?
    /// How int8 agrees with float32, and which layers it leaves alone.
    package var int8: PrecisionAgreement?

    package init(
        name: String, geometry: ModelGeometry, mean: [Float] = Self.imageNetMean,
        deviation: [Float] = Self.imageNetDeviation, tokenizer: TokenizerKind, labels: [String] = [],
        ignore: [String] = [], templates: [String] = ["{}"], provenance: Provenance? = nil
    ) {
        self.name = name
        self.geometry = geometry
        self.mean = mean
        self.deviation = deviation
        self.tokenizer = tokenizer
        self.labels = labels
        self.ignore = ignore
        self.templates = templates
        self.provenance = provenance
    }

    /// Normalisation that CLAVER is trained with.
    package static let imageNetMean: [Float] = [123.675, 116.28, 103.53]
    package static let imageNetDeviation: [Float] = [58.395, 57.12, 57.375]
    /// Normalisation that OpenAI's CLIP is trained with.
    package static let clipMean: [Float] = [122.771, 116.746, 104.094]
    package static let clipDeviation: [Float] = [68.501, 66.632, 70.323]
}
