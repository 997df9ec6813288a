extension EvaluationRecord {
    /// What decides the numbers, by name: two runs that agree in all of it give the same.
    package var identity: [(name: String, value: String)] {
        [
            ("version", version), ("weights", weightsDigest), ("precision", precision), ("list", listDigest),
            ("frames", "\(frames)"), ("mask", mask), ("sampling", sampling), ("views", views),
            ("seed", seed.map(String.init) ?? "none"), ("prompts", promptsDigest),
        ]
    }

    /// How another record differs, a line for each difference: `views: 1x1 there, 4x3 here`.
    package func differences(from other: EvaluationRecord) -> [String] {
        zip(other.identity, identity).filter { $0.value != $1.value }.map {
            "\($0.name): \($0.value) there, \($1.value) here"
        }
    }
}
