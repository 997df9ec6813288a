/// The tensors that a model of a given geometry consists of, under the authors' names.
package enum ModelTensors {
    /// Name to shape, slowest dimension first; exactly the parameters of the reference model.
    package static func shapes(of geometry: ModelGeometry) -> [String: [Int]] {
        let (width, text, joint) = (geometry.visionWidth, geometry.textWidth, geometry.embeddingWidth)
        var shapes: [String: [Int]] = [
            "visual.conv1.weight": [width, 3, geometry.patchSize, geometry.patchSize],
            "visual.class_embedding": [width],
            "visual.positional_embedding": [geometry.tokens, width],
            "visual.temporal_embedding": [1, geometry.frames, width],
            "visual.ln_pre.weight": [width],
            "visual.ln_pre.bias": [width],
            "visual.ln_post.weight": [width],
            "visual.ln_post.bias": [width],
            "visual.proj": [width, joint],
            "token_embedding.weight": [geometry.vocabularySize, text],
            "positional_embedding": [geometry.contextLength, text],
            "ln_final.weight": [text],
            "ln_final.bias": [text],
            "text_projection": [text, joint],
            "logit_scale": [],
        ]
        for layer in 0..<geometry.visionLayers {
            shapes.merge(block("visual.transformer.resblocks.\(layer).", width: width)) { first, _ in first }
        }
        for layer in 0..<geometry.temporalLayers {
            shapes.merge(block(temporalBlock(layer), width: width)) { first, _ in first }
        }
        for layer in 0..<geometry.textLayers {
            shapes.merge(block("transformer.resblocks.\(layer).", width: text)) { first, _ in first }
        }
        return shapes
    }

    /// What the names of temporal block `layer` begin with.
    static func temporalBlock(_ layer: Int) -> String { "visual.transformer_t.resblocks.\(layer).temporal_" }

    private static func block(_ prefix: String, width: Int) -> [String: [Int]] {
        [
            prefix + "attn.in_proj_weight": [3 * width, width],
            prefix + "attn.in_proj_bias": [3 * width],
            prefix + "attn.out_proj.weight": [width, width],
            prefix + "attn.out_proj.bias": [width],
            prefix + "ln_1.weight": [width],
            prefix + "ln_1.bias": [width],
            prefix + "mlp.c_fc.weight": [4 * width, width],
            prefix + "mlp.c_fc.bias": [4 * width],
            prefix + "mlp.c_proj.weight": [width, 4 * width],
            prefix + "mlp.c_proj.bias": [width],
            prefix + "ln_2.weight": [width],
            prefix + "ln_2.bias": [width],
        ]
    }

    /// Whether `name` belongs to what plain CLIP does not have.
    static func isTemporal(_ name: String) -> Bool {
        name == "visual.temporal_embedding" || name.hasPrefix("visual.transformer_t.")
    }

    /// Throws unless `state` holds exactly the tensors of `geometry`, as floating point, in their shapes.
    package static func check(_ state: StateDict, geometry: ModelGeometry, path: String) throws(RecognizerError) {
        let expected = shapes(of: geometry)
        let missing = expected.keys.filter { state.tensors[$0] == nil }.sorted()
        let unexpected = state.tensors.keys.filter { expected[$0] == nil }.sorted()
        guard missing.isEmpty, unexpected.isEmpty else {
            throw .tensorNames(path: path, missing: missing, unexpected: unexpected)
        }
        for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
            guard let tensor = state.tensors[name] else { continue }
            guard tensor.shape == shape else {
                throw .shapeMismatch(tensor: name, expected: shape, actual: tensor.shape)
            }
            guard [.float32, .float16, .bfloat16, .float64].contains(tensor.type) else {
                throw .malformed(
                    path: path, reason: "tensor \(name) holds \(tensor.type.rawValue), accepted are floats")
            }
        }
    }
}
