import Recognizer

/// An order that looks random, is the same on every machine, and does not depend on what else is ordered: by the SHA-256 of
/// the seed's decimal digits, a line feed and the name.
enum SeededOrder {
    static func sorted<Element>(_ elements: [Element], seed: UInt64, name: (Element) -> String) -> [Element] {
        elements.map { element in
            var hash = SHA256()
            hash.update("\(seed)\n\(name(element))")
            return (key: SHA256.hex(hash.finalize()), element: element)
        }
        .sorted { $0.key < $1.key }
        .map(\.element)
    }
}
