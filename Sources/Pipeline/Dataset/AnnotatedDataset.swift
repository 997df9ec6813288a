/// What a data set's annotation files say: its classes, and lists of its clips.
package struct AnnotatedDataset: Sendable, Equatable {
    /// Names by class id.
    package var labels: [String]
    package var lists: [List]

    package struct List: Sendable, Equatable {
        /// The name of the file that it will be, without suffix.
        package var name: String
        package var entries: [ClipEntry]

        package init(name: String, entries: [ClipEntry]) {
            self.name = name
            self.entries = entries
        }
    }

    package init(labels: [String], lists: [List]) {
        self.labels = labels
        self.lists = lists
    }

    /// The text of `labels.csv`.
    package var labelsText: String {
        "id,name\n"
            + labels.enumerated().map { "\($0.offset),\(DelimitedText.quoted($0.element, separator: ","))\n" }.joined()
    }

    /// Writes `labels.csv` (if there are labels) and a `.txt` for each list into a new folder, all of them or none.
    ///
    /// - Throws: `DatasetError` if the folder exists and is not empty, or cannot be made.
    package func write(to directory: String) throws(DatasetError) {
        let folder = try NewFolder(directory)
        try write(into: folder)
        try folder.commit()
    }

    /// Writes the same into a folder that is being filled.
    func write(into folder: NewFolder) throws(DatasetError) {
        if !labels.isEmpty { try folder.write(labelsText, as: "labels.csv") }
        for list in lists { try folder.write(ClipList.text(list.entries), as: list.name + ".txt") }
    }
}
