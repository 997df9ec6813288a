extension ModelGeometry {
    /// A geometry read off the shapes of a checkpoint under the authors' names.
    ///
    /// A checkpoint without temporal part (plain CLIP) gets `frames` and a third of its spatial blocks as temporal ones;
    /// otherwise `frames` must be absent or equal to what the checkpoint has.
    package init(
        tensors: [String: StoredTensor], mask: KroneckerMask, frames: Int?, path: String
    ) throws(RecognizerError) {
        func shape(_ name: String, dimensions: Int) throws(RecognizerError) -> [Int] {
            guard let tensor = tensors[name] else { throw Self.unrecognised(tensors, path: path) }
            guard tensor.shape.count == dimensions, !tensor.shape.contains(0) else {
                throw .shapeMismatch(
                    tensor: name, expected: [Int](repeating: 1, count: dimensions), actual: tensor.shape)
            }
            return tensor.shape
        }
        func malformed(_ reason: String) -> RecognizerError { .malformed(path: path, reason: reason) }

        let patch = try shape("visual.conv1.weight", dimensions: 4)
        let position = try shape("visual.positional_embedding", dimensions: 2)
        let token = try shape("token_embedding.weight", dimensions: 2)
        let context = try shape("positional_embedding", dimensions: 2)
        let projection = try shape("text_projection", dimensions: 2)
        guard patch[1] == 3, patch[2] == patch[3] else {
            throw .shapeMismatch(
                tensor: "visual.conv1.weight", expected: [patch[0], 3, patch[2], patch[2]], actual: patch)
        }
        let side = Int(Double(position[0] - 1).squareRoot().rounded())
        guard side > 0, side * side == position[0] - 1 else {
            throw malformed(
                "visual.positional_embedding has \(position[0]) rows, not a square number of patches plus one")
        }
        let spatial = Self.blocks(tensors, prefix: "visual.transformer.resblocks.")
        var temporal = Self.blocks(tensors, prefix: "visual.transformer_t.resblocks.")
        var window = frames ?? 8
        if tensors["visual.temporal_embedding"] != nil {
            window = try shape("visual.temporal_embedding", dimensions: 3)[1]
            guard frames == nil || frames == window else {
                throw malformed("the checkpoint has windows of \(window) frames, \(frames ?? 0) are asked for")
            }
        } else if !tensors.keys.contains(where: ModelTensors.isTemporal) {
            temporal = spatial / 3
        }
        self.init(
            imageSize: side * patch[2], patchSize: patch[2], frames: window, visionWidth: patch[0],
            visionLayers: spatial, temporalLayers: temporal, embeddingWidth: projection[1], textWidth: token[1],
            textLayers: Self.blocks(tensors, prefix: "transformer.resblocks."), contextLength: context[0],
            vocabularySize: token[0], mask: mask)
        if let fault { throw malformed("\(fault.reason) (\(fault.key))") }
    }

    /// One more than the highest block number after `prefix`; gaps show up as missing tensors later.
    private static func blocks(_ tensors: [String: StoredTensor], prefix: String) -> Int {
        var highest = -1
        for name in tensors.keys where name.hasPrefix(prefix) {
            guard let number = Int(name.dropFirst(prefix.count).prefix { $0 != "." }), number < 1000 else { continue }
            highest = max(highest, number)
        }
        return highest + 1
    }

    /// The error for a state that has not even the tensors that tell the geometry.
    private static func unrecognised(_ tensors: [String: StoredTensor], path: String) -> RecognizerError {
        let telling = [
            "visual.conv1.weight", "visual.positional_embedding", "token_embedding.weight", "positional_embedding",
            "text_projection",
        ]
        return .tensorNames(
            path: path, missing: telling.filter { tensors[$0] == nil },
            unexpected: tensors.keys.filter { !telling.contains($0) && !$0.contains("resblocks.") }.sorted())
    }

    /// The first thing that no model of this kind can have, with the `config.json` key that holds it.
    package var fault: (key: String, reason: String)? {
        let sizes = [
            ("image_size", imageSize, 8192), ("patch_size", patchSize, 1024), ("frames", frames, 1024),
            ("vision_width", visionWidth, 16384), ("vision_layers", visionLayers, 256),
            ("temporal_layers", temporalLayers, 256),
            ("embed_dim", embeddingWidth, 16384), ("text_width", textWidth, 16384), ("text_layers", textLayers, 256),
            ("context_length", contextLength, 8192), ("vocab_size", vocabularySize, 1 << 24),
        ]
        for (key, value, limit) in sizes where value < 1 || value > limit {
            return (key, "\(value) is out of range, accepted are 1 to \(limit)")
        }
        for (key, width) in [("vision_width", visionWidth), ("text_width", textWidth)]
        where !width.isMultiple(of: Self.headWidth) {
            return (key, "\(width) is no multiple of the head width \(Self.headWidth)")
        }
        if !imageSize.isMultiple(of: patchSize) {
            return ("image_size", "\(imageSize) is no multiple of the patch size \(patchSize)")
        }
        if vocabularySize < 514 {
            return ("vocab_size", "\(vocabularySize) is less than the 514 tokens of the byte alphabet")
        }
        return nil
    }
}
