extension ModelDirectory {
    /// Writes a model into a directory, which is made or whose model is replaced.
    ///
    /// Whenever this is interrupted, the directory holds a whole model, the old one or the new one, or is not there yet:
    /// a new one is filled beside its place; in an old one weights and then settings are replaced, and settings that are older
    /// than the weights vouch for nothing.
    ///
    /// - Parameters:
    ///   - weights: exactly the tensors of the configuration's geometry, all finite.
    ///   - config: its provenance gains the digest of the weights.
    ///   - mergesPath: a merges file to copy, for a tokenizer that needs one.
    ///   - prompts: sentences by class id; empty for none.
    package static func write(
        _ weights: StateDict, config: ModelConfig, mergesPath: String?, prompts: [[String]], to path: String
    ) throws(RecognizerError) {
        let isNew = !FileTree.exists(path)
        let directory = isNew ? "\(path).partial" : path
        if isNew {
            FileTree.removeDirectory(directory, files: [weightsName, mergesName, promptsName, configName])
            try FileTree.createDirectory(directory)
            if let mergesPath {
                let merges = try MappedFile(mergesPath)
                try ReplacementFile.write(
                    String(decoding: merges.bytes, as: UTF8.self), to: "\(directory)/\(mergesName)")
            }
            let rows = prompts.enumerated().flatMap { id, texts in texts.map { (id: id, sentence: $0) } }
            if !rows.isEmpty {
                try ReplacementFile.write(ListFile.promptText(rows), to: "\(directory)/\(promptsName)")
            }
        }
        let receipt = try SafetensorsWriter.write(weights, to: "\(directory)/\(weightsName)")
        var config = config
        config.provenance = ModelConfig.Provenance(
            source: config.provenance?.source ?? "", sha256: receipt.digest, byteCount: receipt.byteCount,
            headerSHA256: receipt.headerDigest)
        try ReplacementFile.write(config.json, to: "\(directory)/\(configName)")
        if isNew { try FileTree.move(directory, to: path) }
    }
}
