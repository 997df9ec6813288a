extension Unicode.Scalar {
    /// Whether it would disturb a line of text: control characters, line breaks, escapes, directions. The joiners that emoji and
    /// some scripts are made with do not.
    package var isUnprintable: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: self != "\u{200C}" && self != "\u{200D}"
        default: false
        }
    }
}
