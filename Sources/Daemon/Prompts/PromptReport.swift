import Foundation
import Pipeline

/// What a run has written, for the one who started it.
struct PromptReport: Sendable {
    let order: PromptOrder
    /// Complete classes that were there before, by family.
    let before: [Int]
    let outcome: PromptGeneration.Outcome

    /// Classes of a family that still lack texts.
    private func shortages(_ family: InterpretiveFamily) -> [PromptGeneration.Shortage] {
        outcome.shortages.filter { $0.family == family }.sorted { $0.id < $1.id }
    }

    var text: String {
        var lines = zip(order.families, before).map { family, before in
            let complete = order.labels.count - shortages(family).count
            return "\(family.fileName): \(complete) of \(order.labels.count) classes with \(order.count) texts each"
                + (before > 0 ? ", \(before) of them from before" : "")
        }
        let tally = outcome.tally
        if tally.requests > 0 {
            lines.append(
                "\(tally.requests) answers, \(tally.retries) requests sent again; texts: \(tally.tooLong) too long, "
                    + "\(tally.cut) cut, \(tally.repeated) said before")
        }
        return lines.joined(separator: "\n")
    }

    var document: JSONText {
        let tally = outcome.tally
        return .object([
            (
                "families",
                .list(
                    zip(order.families, before).map { family, before in
                        .object([
                            ("family", .text(family.rawValue)), ("file", .text("\(order.output)/\(family.fileName)")),
                            ("classes", .integer(order.labels.count)), ("kept", .integer(before)),
                            ("missing", .list(shortages(family).map { .integer($0.id) })),
                        ])
                    })
            ),
            ("per_class", .integer(order.count)), ("answers", .integer(tally.requests)),
            ("retries", .integer(tally.retries)), ("too_long", .integer(tally.tooLong)), ("cut", .integer(tally.cut)),
            ("repeated", .integer(tally.repeated)),
        ])
    }

    /// What is missing, if anything is.
    var complaint: String? {
        guard let first = outcome.shortages.min(by: { ($0.family.rawValue, $0.id) < ($1.family.rawValue, $1.id) })
        else {
            return nil
        }
        let more = outcome.shortages.count > 1 ? " and \(outcome.shortages.count - 1) more" : ""
        return
            "class \(first.id) \"\(order.labels[first.id].escapedForLog)\", \(first.family.rawValue)\(more): fewer than "
            + "\(order.count) different texts (\(first.found)) after repeated requests; what is complete is kept, the same command "
            + "asks again for the rest"
    }
}
