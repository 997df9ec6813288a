import Foundation

/// UCF-101 and HMDB-51 as they are downloaded.
package enum ActionAnnotations {
    /// UCF-101: `trainlist01.txt` (`Class/clip.avi ID`) or `testlist01.txt` (`Class/clip.avi`) with `classInd.txt` (`ID Class`,
    /// from 1 on).
    ///
    /// - Returns: labels as words (`Apply Eye Makeup`), ids from 0 on.
    /// - Throws: `DatasetError`.
    package static func ucf101(
        lists: [String], labels: String, names: AnnotationNames
    ) throws(DatasetError) -> AnnotatedDataset {
        var classes: [String] = []
        try TextLines.readText(labels) { (number, line) throws(DatasetError) in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count == 2, Int(words[0]) == classes.count + 1 else {
                throw .malformed(
                    path: labels, line: number,
                    reason: "expected \"\(classes.count + 1) ClassName\", as in classInd.txt")
            }
            classes.append(String(words[1]))
        }
        let ids = try distinct(classes, path: labels)
        var result = AnnotatedDataset(labels: classes.map(words), lists: [])
        for list in lists {
            var entries: [ClipEntry] = []
            try TextLines.readText(list) { (number, line) throws(DatasetError) in
                func fault(_ reason: String) -> DatasetError { .malformed(path: list, line: number, reason: reason) }
                let words = line.split(whereSeparator: \.isWhitespace)
                let parts = words.first?.split(separator: "/").map(String.init) ?? []
                guard parts.count == 2, words.count <= 2 else {
                    throw fault("expected \"Class/clip.avi\" or \"Class/clip.avi ID\"")
                }
                guard let id = ids[parts[0]] else { throw fault("class \"\(parts[0])\" is not in \(labels)") }
                if words.count == 2, Int(words[1]) != id + 1 {
                    throw fault("id \(words[1]), but \(parts[0]) has \(id + 1) in \(labels)")
                }
                do throws(ClipName.Fault) {
                    let name = try names.name(folder: parts[0], file: parts[1], officially: .folders)
                    entries.append(ClipEntry(name: name, classes: [id]))
                } catch {
                    throw fault(error.reason)
                }
            }
            result.lists.append(AnnotatedDataset.List(name: stem(list), entries: entries))
        }
        return result
    }

    /// HMDB-51: the folder `testTrainMulti_7030_splits` with a file for each class and split, `brush_hair_test_split1.txt`, whose
    /// lines are `clip.avi N`: 1 is training, 2 testing, 0 neither.
    ///
    /// - Parameter split: 1, 2 or 3.
    /// - Returns: labels as words (`brush hair`) in alphabetical order; lists `split1-train` and `split1-test`.
    /// - Throws: `DatasetError`.
    package static func hmdb51(
        folder: String, split: Int, names: AnnotationNames
    ) throws(DatasetError) -> AnnotatedDataset {
        let content: [String]
        do {
            content = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw .io(path: folder, operation: .open, reason: "no folder that can be read")
        }
        let ending = "_test_split\(split).txt"
        let classes = content.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
        guard !classes.isEmpty else {
            throw .malformed(path: folder, line: nil, reason: "no file is called CLASS\(ending)")
        }
        var (train, test): ([ClipEntry], [ClipEntry]) = ([], [])
        for (id, folderName) in classes.enumerated() {
            let path = "\(folder)/\(folderName)\(ending)"
            try TextLines.readText(path) { (number, line) throws(DatasetError) in
                let words = line.split(whereSeparator: \.isWhitespace)
                guard words.count == 2, let use = Int(words[1]), (0...2).contains(use) else {
                    throw .malformed(path: path, line: number, reason: "expected \"clip.avi N\", N being 0, 1 or 2")
                }
                do throws(ClipName.Fault) {
                    let name = try names.name(folder: folderName, file: String(words[0]), officially: .folders)
                    let entry = ClipEntry(name: name, classes: [id])
                    if use == 1 { train.append(entry) }
                    if use == 2 { test.append(entry) }
                } catch {
                    throw .malformed(path: path, line: number, reason: error.reason)
                }
            }
        }
        let labels = classes.map { $0.split(separator: "_").joined(separator: " ") }
        _ = try distinct(labels, path: folder)
        return AnnotatedDataset(
            labels: labels,
            lists: [
                AnnotatedDataset.List(name: "split\(split)-train", entries: train),
                AnnotatedDataset.List(name: "split\(split)-test", entries: test),
            ])
    }

    /// Ids by name; throws if a name stands twice or there are none.
    static func distinct(_ names: [String], path: String) throws(DatasetError) -> [String: Int] {
        var ids: [String: Int] = [:]
        for (id, name) in names.enumerated() where ids.updateValue(id, forKey: name) != nil {
            throw .malformed(path: path, line: nil, reason: "class \"\(name.escapedForLog)\" stands twice")
        }
        guard !ids.isEmpty else { throw .malformed(path: path, line: nil, reason: "no classes") }
        return ids
    }

    /// A file's name without folders and suffix.
    package static func stem(_ path: String) -> String {
        URL(filePath: path).deletingPathExtension().lastPathComponent
    }

    /// `ApplyEyeMakeup` as words.
    private static func words(_ name: String) -> String {
        var out = ""
        for character in name {
            if character.isUppercase, let last = out.last, !last.isUppercase { out.append(" ") }
            out.append(character)
        }
        return out
    }
}
