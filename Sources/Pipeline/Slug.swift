import Foundation

/// The form in which a name or label stands in a topic: lower-case ASCII letters, digits and single hyphens.
package struct Slug {
    /// Accents are dropped (`Café` is `cafe`); a letter or digit of another script becomes its code point in hexadecimal
    /// (`手` is `u624b`), so that labels in any script stay apart. Everything else separates words. Empty only for a text
    /// without a letter or digit; two texts may share a slug, which whoever uses both must refuse.
    package static func make(from text: String) -> String {
        var words: [String] = []
        var word = ""
        func endWord() {
            if !word.isEmpty { words.append(word) }
            word = ""
        }
        for scalar in text.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9":
                word.unicodeScalars.append(scalar)
            case _ where scalar.properties.generalCategory == .nonspacingMark:
                continue
            case _ where scalar.properties.isAlphabetic || scalar.properties.numericType != nil:
                endWord()
                words.append("u" + String(scalar.value, radix: 16))
            case "'", "\u{2019}":
                continue
            default:
                endWord()
            }
        }
        endWord()
        return words.joined(separator: "-")
    }
}
