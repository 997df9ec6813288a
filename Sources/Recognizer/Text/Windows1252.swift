/// The code page that text tools mistake for Latin-1 and for UTF-8.
enum Windows1252 {
    /// What bytes 0x80...0x9F stand for; the five unassigned ones for themselves.
    private static let upperControls: [Unicode.Scalar] = [
        "\u{20AC}", "\u{81}", "\u{201A}", "\u{192}", "\u{201E}", "\u{2026}", "\u{2020}", "\u{2021}",
        "\u{2C6}", "\u{2030}", "\u{160}", "\u{2039}", "\u{152}", "\u{8D}", "\u{17D}", "\u{8F}",
        "\u{90}", "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}", "\u{2022}", "\u{2013}", "\u{2014}",
        "\u{2DC}", "\u{2122}", "\u{161}", "\u{203A}", "\u{153}", "\u{9D}", "\u{17E}", "\u{178}",
    ]

    /// The character that a C1 control code was meant to be; any other scalar unchanged.
    static func meant(by scalar: Unicode.Scalar) -> Unicode.Scalar {
        (0x80...0x9F).contains(scalar.value) ? upperControls[Int(scalar.value - 0x80)] : scalar
    }

    private static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        if scalar.value <= 0xFF { return UInt8(scalar.value) }
        return upperControls.firstIndex(of: scalar).map { UInt8(0x80 + $0) }
    }

    /// Text whose UTF-8 was once read as this code page ("cafÃ©"), read as UTF-8 again; nil if it does not look like that.
    ///
    /// Only a text that is valid UTF-8 as a whole and cannot well be meant as it stands: one with C1 codes, one with three
    /// such sequences or more, or one whose sequences are all Latin-1 letters, general punctuation, currency, letter-like
    /// symbols or emoji. "AMANHÃ…" and "NOËL…" stay as they are. Text of which only a part was misread stays too.
    static func undone(_ text: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        guard text.contains(where: { !$0.isASCII }) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        for scalar in text {
            guard let byte = byte(of: scalar) else { return nil }
            bytes.append(byte)
        }
        let leads = bytes.indices.dropLast().filter { bytes[$0] >= 0xC0 }
        guard
            leads.count >= 3 || text.contains(where: { (0x80...0x9F).contains($0.value) })
                || leads.allSatisfy({ isUnlikely(bytes[$0], bytes[$0 + 1]) })
        else { return nil }
        return String(validating: bytes, as: UTF8.self).map { Array($0.unicodeScalars) }
    }

    /// Whether two bytes that begin a UTF-8 sequence hardly ever stand for two characters of this code page.
    private static func isUnlikely(_ lead: UInt8, _ second: UInt8) -> Bool {
        switch lead {
        case 0xC2, 0xC3: second != 0x85 && second != 0x92
        case 0xE2: [0x80, 0x82, 0x84].contains(second)
        case 0xF0: second == 0x9F
        default: false
        }
    }
}
