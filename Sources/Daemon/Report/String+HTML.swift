import Foundation
import Pipeline

extension String {
    /// The text as content or attribute of HTML: on one printable line, with nothing left that the language reads.
    var inHTML: String {
        var out = ""
        for scalar in oneLine.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// At most `count` characters, the last one an ellipsis where some are left out.
    func shortened(to count: Int) -> String { self.count <= count ? self : prefix(count - 1) + "…" }

    /// As a word of a command line.
    var inShell: String {
        let plain = CharacterSet(charactersIn: "@%+=:,./-_").union(.alphanumerics)
        guard isEmpty || unicodeScalars.contains(where: { !plain.contains($0) }) else { return self }
        return "'" + replacing("'", with: "'\\''") + "'"
    }

    /// A share as per cent.
    static func percent(_ share: Double, digits: Int = 2) -> String { String(format: "%.*f %%", digits, share * 100) }

    /// A length or place of a drawing.
    static func pixels(_ value: Double) -> String { String(format: "%.1f", value) }
}
