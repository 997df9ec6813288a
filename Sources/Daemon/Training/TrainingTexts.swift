import Recognizer

/// The prompts of a training: tokens where the text is trained, features where it is frozen.
struct TrainingTexts {
    /// (A, C) token ids.
    let tokens: [[[Int32]]]
    /// (A, C, E); nil where the text is trained.
    private let features: Tensor?

    var classes: Int { tokens.first?.count ?? 0 }

    /// - Parameter step: computes the features of frozen texts, once.
    init(tokens: [[[Int32]]], step: TrainingStep, isFrozen: Bool) {
        self.tokens = tokens
        guard isFrozen else {
            features = nil
            return
        }
        let all = step.encodeTexts(tokens.flatMap { $0 })
        features = Tensor(
            shape: [tokens.count, tokens.first?.count ?? 0, step.geometry.embeddingWidth], values: all.values)
    }

    /// Some of the prompts, in the order given, repeated ones included.
    func chosen(_ rows: [Int]) -> TrainingStep.Prompts {
        guard let features else { return .tokens(rows.map { tokens[$0] }) }
        let size = features.shape[1] * features.shape[2]
        let values = rows.flatMap { features.values[$0 * size..<($0 + 1) * size] }
        return .features(Tensor(shape: [rows.count] + features.shape.dropFirst(), values: values))
    }
}
