/// What a run is, besides its recipe: a checkpoint is of use to no other.
struct RunIdentity: Sendable, Equatable, Codable {
    /// SHA-256 of the weights that it started from; nil from scratch.
    var weightsDigest: String?
    /// `ModelConfig.trainingTraits`; nil in checkpoints that do not have them.
    var traits: [String]?
    var listDigest: String
    /// Nil without validation.
    var valDigest: String?
    var labels: [String]
    var promptsDigest: String

    /// What differs, a sentence each.
    func differences(from other: RunIdentity) -> [String] {
        var out: [String] = []
        if weightsDigest != other.weightsDigest { out.append("the model that it started from has other weights") }
        if let traits, let before = other.traits {
            out += zip(before, traits).compactMap { $0 == $1 ? nil : "the model had \($0), has \($1)" }
        }
        if listDigest != other.listDigest { out.append("the list names other clips or classes") }
        if valDigest != other.valDigest {
            out.append(
                other.valDigest == nil
                    ? "there was no validation list"
                    : valDigest == nil
                        ? "no validation list is said" : "the validation list names other clips or classes")
        }
        if labels != other.labels {
            if labels.sorted() == other.labels.sorted(),
                let place = labels.indices.first(where: { labels[$0] != other.labels[$0] })
            {
                out.append(
                    "the labels are in another order: class \(place) was \"\(other.labels[place])\", is \"\(labels[place])\""
                )
            } else {
                let gone = other.labels.filter { !labels.contains($0) }.prefix(3)
                let new = labels.filter { !other.labels.contains($0) }.prefix(3)
                out.append(
                    "other labels: \(gone.isEmpty ? "" : "without \(gone.joined(separator: ", ")) ")"
                        + "\(new.isEmpty ? "" : "with \(new.joined(separator: ", "))")")
            }
        } else if promptsDigest != other.promptsDigest {
            out.append("other prompts")
        }
        return out
    }
}
