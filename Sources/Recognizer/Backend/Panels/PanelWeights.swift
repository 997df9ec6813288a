import CKernels

/// A layer's weights in panels; behind those of bytes the outputs' scales and sums.
struct PanelWeights {
    struct Shape {
        let type: PanelType
        let inputs: Int
        let outputs: Int

        var words: Int { type.words(inputs) }

        /// Whether rows cannot be read where they lie: the last word is not full, or the rows of a tile begin in the same few sets of the
        /// first-level cache.
        var needsOtherRows: Bool { !inputs.isMultiple(of: type.valuesPerWord) || (4 * words).isMultiple(of: 4096) }

        /// Words from one row to the next in staging memory: whole cache lines, an odd number of them.
        var stagedWords: Int { ((words + 15) / 16 | 1) * 16 }

        private var panels: Int {
            (outputs + Int(CKERNELS_PRODUCT_PANEL) - 1) / Int(CKERNELS_PRODUCT_PANEL)
        }

        /// A multiple of 128.
        fileprivate var panelBytes: Int { 4 * panels * Int(CKERNELS_PRODUCT_PANEL) * words }

        var byteCount: Int { panelBytes + (type == .int8 ? 8 * outputs : 0) }
    }

    let shape: Shape
    let bytes: PackedBytes

    init(_ shape: Shape, _ bytes: PackedBytes) {
        self.shape = shape
        self.bytes = bytes
    }

    /// Packs (outputs, inputs) weights.
    init(packing weight: Parameter, _ shape: Shape) {
        let memory = AlignedBytes(byteCount: shape.byteCount)
        let packed = memory.base.assumingMemoryBound(to: UInt32.self)
        let (outputs, inputs, words) = (shape.outputs, shape.inputs, shape.words)
        if shape.type == .float32 {
            weight.pointer.withMemoryRebound(to: UInt32.self, capacity: weight.count) {
                ckernels_product_pack(packed, $0, outputs, words)
            }
        } else {
            let plain = AlignedBytes(byteCount: 4 * outputs * words)
            plain.base.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * outputs * words)
            let scales = (memory.base + shape.panelBytes).assumingMemoryBound(to: Float.self)
            let sums = (memory.base + shape.panelBytes + 4 * outputs).assumingMemoryBound(to: Int32.self)
            for output in 0..<outputs {
                let (row, values) = (plain.base + 4 * output * words, weight.pointer + output * inputs)
                if shape.type == .bfloat16 {
                    ckernels_f32_to_bf16(row.assumingMemoryBound(to: UInt16.self), values, inputs)
                } else {
                    ckernels_quantise_weights(
                        row.assumingMemoryBound(to: Int8.self), scales + output, sums + output, values, 1, inputs)
                }
            }
            ckernels_product_pack(packed, plain.base.assumingMemoryBound(to: UInt32.self), outputs, words)
            withExtendedLifetime(plain) {}
        }
        weight.forgetPages()
        self.init(shape, PackedBytes(memory))
    }

    /// The panels from output `output` on, a panel's first.
    func panels(from output: Int) -> UnsafePointer<UInt32> {
        bytes.pointer.assumingMemoryBound(to: UInt32.self) + output * shape.words
    }

    /// Of the outputs of `.int8` weights.
    var scales: UnsafePointer<Float> {
        (bytes.pointer + shape.panelBytes).assumingMemoryBound(to: Float.self)
    }

    var sums: UnsafePointer<Int32> {
        (bytes.pointer + shape.panelBytes + 4 * shape.outputs).assumingMemoryBound(to: Int32.self)
    }
}
