/// The texts of one family about one class while they come in. Decides what is asked next.
struct PromptCollection: Sendable {
    enum Action: Sendable, Equatable {
        case ask(PromptDemand)
        /// As many as wanted, in the order in which they came.
        case complete([String])
        /// The language model has nothing new to say, however often it is asked.
        case short([String])
    }

    private let family: InterpretiveFamily
    private let action: String
    /// Texts wanted.
    private let count: Int
    private let limit: TextLimit

    private(set) var texts: [String]
    private(set) var tally = PromptTally()
    private var seen: Set<String>
    private var overlong: [String] = []
    /// Answers in a row that brought nothing new.
    private var fruitlessCount = 0
    private static let fruitlessLimit = 3

    /// - Parameter kept: texts that are there already; those that say the same count once.
    init(family: InterpretiveFamily, action: String, kept: [String], count: Int, limit: TextLimit) {
        self.family = family
        self.action = action
        self.count = count
        self.limit = limit
        seen = [Self.essence(action)]
        texts = []
        for text in kept where seen.insert(Self.essence(text)).inserted { texts.append(text) }
    }

    /// What to do now; each demand is to be answered with `take`.
    var next: Action {
        if texts.count >= count { return .complete(texts) }
        if fruitlessCount == Self.fruitlessLimit { return .short(texts) }
        let words = overlong.isEmpty ? limit.words : max(limit.words * 3 / 5, 1)
        return .ask(
            PromptDemand(
                family: family, action: action, count: min(count - texts.count, PromptDemand.largestCount),
                words: words,
                present: texts))
    }

    /// Takes in what the model has answered to the last demand.
    ///
    /// What is too long is put aside and asked for again, shorter; if that does not help either, it is cut.
    mutating func take(_ answer: [String]) {
        let before = texts.count
        let wasToldShorter = !overlong.isEmpty
        defer { fruitlessCount = texts.count > before ? 0 : fruitlessCount + 1 }
        for text in answer where texts.count < count {
            if limit.fits(text) {
                add(text)
            } else if limit.tokens(text) > limit.contextLength {
                overlong.append(text)
                tally.tooLong += 1
            }
        }
        guard texts.count < count, wasToldShorter || fruitlessCount + 1 == Self.fruitlessLimit
        else { return }
        for text in overlong where texts.count < count {
            if let short = limit.cut(text), add(short) { tally.cut += 1 }
        }
        overlong = []
    }

    @discardableResult
    private mutating func add(_ text: String) -> Bool {
        guard seen.insert(Self.essence(text)).inserted else {
            tally.repeated += 1
            return false
        }
        texts.append(text)
        return true
    }

    /// Two texts with the same letters and digits say the same.
    private static func essence(_ text: String) -> String {
        text.lowercased().filter { $0.isLetter || $0.isNumber }
    }
}

/// What happened on the way to the texts.
struct PromptTally: Sendable, Equatable {
    var requests = 0
    /// Requests sent again after a failure.
    var retries = 0
    /// Texts beyond the limit, each a reason to ask again.
    var tooLong = 0
    /// Texts kept in part only.
    var cut = 0
    /// Texts that said the same as an earlier one.
    var repeated = 0

    static func += (total: inout PromptTally, more: PromptTally) {
        total.requests += more.requests
        total.retries += more.retries
        total.tooLong += more.tooLong
        total.cut += more.cut
        total.repeated += more.repeated
    }
}
