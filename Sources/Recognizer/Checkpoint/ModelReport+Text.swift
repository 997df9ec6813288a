import Foundation

extension ModelReport {
    /// The report for people, a line per fact.
    package var text: String {
        let size = geometry
        func value(_ key: String) -> Int { size[key] ?? 0 }
        var lines = [
            ("model", name),
            (
                "input",
                "\(value("frames")) frames of \(value("image_size"))x\(value("image_size")), patches of"
                    + " \(value("patch_size"))x\(value("patch_size"))"
            ),
            (
                "vision",
                "width \(value("vision_width")), \(value("vision_layers")) spatial and"
                    + " \(value("temporal_layers")) temporal blocks, mask \(mask)"
            ),
            (
                "text",
                "width \(value("text_width")), \(value("text_layers")) blocks, context"
                    + " \(value("context_length")), vocabulary \(value("vocab_size")) (\(tokenizer))"
            ),
            ("embedding", "\(value("embed_dim"))"),
            ("labels", "\(labels)"),
            ("weights", weightsDigest),
            (
                "parameters",
                "\(millions(parameters.total)): spatial \(millions(parameters.spatial)), temporal"
                    + " \(millions(parameters.temporal)), text \(millions(parameters.text))"
            ),
            ("window", gigas(window)),
        ]
        for stream in stream {
            lines.append(("hop \(stream.hop)", "\(gigas(stream.cost)), \(decimals(stream.gain, 2))x less"))
        }
        let stored = memory.weights.sorted { $0.key < $1.key }.map { "\(megabytes($0.value)) \($0.key)" }
        lines.append(("on disk", stored.joined(separator: ", ")))
        lines.append(
            (
                "in memory",
                "\(megabytes(memory.weightsFloat32)) weights as F32, \(megabytes(memory.windowFeatures))"
                    + " features per stream, \(megabytes(memory.activations)) activations per window"
            ))
        return lines.map { $0.0.padding(toLength: 12, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
            + "\n"
    }

    private func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
    private func millions(_ count: Int) -> String { decimals(Double(count) / 1e6, 2) + " M" }
    private func megabytes(_ count: Int) -> String { decimals(Double(count) / 1e6, 1) + " MB" }

    private func gigas(_ cost: Cost) -> String {
        let digits = cost.withAttention < 10 ? 3 : 1
        return
            "\(decimals(cost.withAttention, digits)) GMAC (\(decimals(cost.withoutAttention, digits)) without attention)"
    }
}
