/// How clips that annotation files name lie in the data set.
package struct AnnotationNames: Sendable, Equatable {
    package enum Layout: String, Sendable, CaseIterable {
        /// All clips beside each other.
        case flat
        /// A folder for each class.
        case folders
    }

    /// Nil: as the official archives unpack.
    package var layout: Layout?
    /// Put before every name, `train/`.
    package var prefix: String
    /// The files' suffix if it is not the official one, without the dot.
    package var suffix: String?

    package init(layout: Layout? = nil, prefix: String = "", suffix: String? = nil) {
        self.layout = layout
        self.prefix = prefix
        self.suffix = suffix
    }

    /// The clip's name. Throws for what cannot be one.
    func name(folder: String, file: String, officially layout: Layout) throws(ClipName.Fault) -> String {
        var file = file
        if let suffix {
            let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file[...]
            file = "\(stem).\(suffix)"
        }
        return try ClipName.normalised(prefix + ((self.layout ?? layout) == .folders ? folder + "/" : "") + file)
    }
}
