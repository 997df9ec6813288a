/// Renames tensors to the names that CLAVER's authors (and OpenAI, for the CLIP part) use.
package enum CheckpointNames {
    /// Returns `state` under the authors' names. Buffers that hold no weight are dropped; a name that fits no scheme is
    /// kept as it is, for the caller's comparison with what the model demands.
    ///
    /// Hugging Face's split query, key and value projections are joined, its projections transposed: copies.
    package static func authors(_ state: StateDict, path: String) throws(RecognizerError) -> StateDict {
        var renamed = StateDict(tensors: [:], metadata: state.metadata)
        if isHuggingFace(state) {
            renamed.tensors = try fromHuggingFace(state.tensors, path: path)
        } else {
            renamed.tensors = state.tensors.filter { !buffers.contains($0.key) }
        }
        // OpenAI's scalar may come as a vector of one.
        if let scale = renamed.tensors["logit_scale"], scale.shape == [1] {
            renamed.tensors["logit_scale"] = StoredTensor(
                type: scale.type, shape: [], owner: scale.owner, range: scale.range)
        }
        return renamed
    }

    package static func isHuggingFace(_ state: StateDict) -> Bool {
        state.tensors["text_model.embeddings.token_embedding.weight"] != nil
    }

    /// Sizes that OpenAI's archives store as tensors; they follow from the weights.
    private static let buffers: Set<String> = ["input_resolution", "context_length", "vocab_size"]

    private static let direct = [
        "vision_model.embeddings.class_embedding": "visual.class_embedding",
        "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
        "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
        "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",
        "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
        "vision_model.post_layernorm.weight": "visual.ln_post.weight",
        "vision_model.post_layernorm.bias": "visual.ln_post.bias",
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "text_model.final_layer_norm.weight": "ln_final.weight",
        "text_model.final_layer_norm.bias": "ln_final.bias",
        "logit_scale": "logit_scale",
    ]

    private static let transposed = [
        "visual_projection.weight": "visual.proj", "text_projection.weight": "text_projection",
    ]

    private static let parts = [
        "self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
    ]

    private static func fromHuggingFace(
        _ tensors: [String: StoredTensor], path: String
    ) throws(RecognizerError) -> [String: StoredTensor] {
        var renamed: [String: StoredTensor] = [:]
        for (name, tensor) in tensors where !name.hasSuffix(".position_ids") {
            if let new = direct[name] {
                renamed[new] = tensor
            } else if let new = transposed[name] {
                renamed[new] = try transpose(tensor, name: name)
            } else if let block = Block(name) {
                if block.rest.hasPrefix("self_attn.q_proj.") {
                    let kind = block.rest.dropFirst("self_attn.q_proj.".count)
                    let pieces = ["q", "k", "v"].compactMap { tensors["\(block.stem)self_attn.\($0)_proj.\(kind)"] }
                    renamed[block.target + "attn.in_proj_" + kind] = try join(pieces, name: name)
                } else if let part = parts.first(where: { block.rest.hasPrefix($0.key + ".") }) {
                    renamed[block.target + part.value + block.rest.dropFirst(part.key.count)] = tensor
                } else if !block.isJoined(with: tensors) {
                    renamed[name] = tensor
                }
            } else {
                renamed[name] = tensor
            }
        }
        return renamed
    }

    /// `vision_model.encoder.layers.3.self_attn.q_proj.weight` in its parts.
    private struct Block {
        /// Up to and including the dot after the number.
        let stem: String
        let rest: Substring
        /// What the authors write instead of `stem`.
        let target: String

        init?(_ name: String) {
            let towers = ["vision_model": "visual.transformer.", "text_model": "transformer."]
            let fields = name.split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
            guard fields.count == 5, fields[1] == "encoder", fields[2] == "layers",
                let tower = towers[String(fields[0])], let number = Int(fields[3]), number >= 0
            else { return nil }
            stem = fields[0..<4].joined(separator: ".") + "."
            rest = fields[4]
            target = tower + "resblocks.\(number)."
        }

        /// Whether this is a key or value projection that goes with a query projection.
        func isJoined(with tensors: [String: StoredTensor]) -> Bool {
            for letter in ["k", "v"] where rest.hasPrefix("self_attn.\(letter)_proj.") {
                let kind = rest.dropFirst("self_attn.k_proj.".count)
                return tensors["\(stem)self_attn.q_proj.\(kind)"] != nil
            }
            return false
        }
    }

    /// Query, key and value stacked along the first dimension.
    private static func join(_ pieces: [StoredTensor], name: String) throws(RecognizerError) -> StoredTensor {
        guard pieces.count == 3 else {
            throw .tensorNames(path: name, missing: ["key or value projection beside it"], unexpected: [])
        }
        let first = pieces[0]
        for piece in pieces where piece.shape != first.shape || piece.type != first.type || piece.shape.isEmpty {
            throw .shapeMismatch(tensor: name, expected: first.shape, actual: piece.shape)
        }
        let owner = HeapBytes(count: first.range.count * 3) { memory in
            for (index, piece) in pieces.enumerated() {
                UnsafeMutableRawBufferPointer(rebasing: memory[(index * first.range.count)...])
                    .copyMemory(from: piece.bytes)
            }
        }
        return StoredTensor(
            type: first.type, shape: [first.shape[0] * 3] + first.shape.dropFirst(), owner: owner,
            range: 0..<first.range.count * 3)
    }

    /// A matrix with rows and columns exchanged.
    private static func transpose(_ tensor: StoredTensor, name: String) throws(RecognizerError) -> StoredTensor {
        guard tensor.shape.count == 2 else {
            throw .shapeMismatch(tensor: name, expected: [0, 0], actual: tensor.shape)
        }
        let (rows, columns, size) = (tensor.shape[0], tensor.shape[1], tensor.type.byteCount)
        let source = tensor.bytes
        let owner = HeapBytes(count: source.count) { memory in
            var position = 0
            for column in 0..<columns {
                for row in 0..<rows {
                    let element = (row * columns + column) * size
                    for byte in 0..<size { memory[position + byte] = source[element + byte] }
                    position += size
                }
            }
        }
        return StoredTensor(type: tensor.type, shape: [columns, rows], owner: owner, range: 0..<source.count)
    }
}
