/// Where each parameter lies in a flat arena. A parameter begins at a cache line; what lies between two is zero and stays so.
package struct ParameterLayout: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let name: String
        package let shape: [Int]
        /// Floats from the arena's start, a multiple of 16.
        package let offset: Int
        /// Columns of a panel of a matrix (rows, columns) that stands as (columns / panel, rows, panel); nil for one that stands
        /// as its shape says.
        package let panel: Int?

        package var count: Int { shape.reduce(1, *) }
        /// `count` rounded up to a cache line.
        package var paddedCount: Int { (count + 15) / 16 * 16 }
    }

    /// In the order of the forward pass.
    package let entries: [Entry]
    /// Floats of the arena.
    package let count: Int
    private let places: [String: Int]

    /// The parameters of a model for which `includes` holds, in the order of the forward pass.
    ///
    /// - Parameter panel: of the blocks' matrices.
    package init(_ geometry: ModelGeometry, panel: Int? = nil, where includes: (String) -> Bool = { _ in true }) {
        let shapes = ModelTensors.shapes(of: geometry)
        var entries: [Entry] = []
        var places: [String: Int] = [:]
        var offset = 0
        for name in shapes.keys.filter(includes).sorted(by: { Self.order($0) < Self.order($1) }) {
            let entry = Entry(
                name: name, shape: shapes[name] ?? [], offset: offset,
                panel: Self.isMatrixOfRows(name, geometry) ? panel : nil)
            places[name] = entries.count
            entries.append(entry)
            offset += entry.paddedCount
        }
        self.entries = entries
        self.places = places
        count = offset
    }

    package func entry(_ name: String) -> Entry? { places[name].map { entries[$0] } }

    /// Whether a parameter is a matrix that a block multiplies all its rows with.
    private static func isMatrixOfRows(_ name: String, _ geometry: ModelGeometry) -> Bool {
        // The last temporal block's attention takes it apart (`TrainedPooledAttention`).
        let apart = ModelTensors.temporalBlock(geometry.temporalLayers - 1) + "attn.in_proj_weight"
        let matrices = ["attn.in_proj_weight", "attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight"]
        return name != apart && matrices.contains { name.hasSuffix($0) }
    }

    /// Tower, block, then name.
    private static func order(_ name: String) -> (Int, Int, String) {
        let block = ParameterName.block(name) ?? -1
        switch ParameterName.part(name) {
        case .spatial: return (0, block, name)
        case .temporal: return (1, block, name)
        case .head: return (2, block, name)
        case .text: return (block < 0 && name.hasSuffix("embedding.weight") ? 3 : 4, block, name)
        case .scale: return (5, block, name)
        }
    }
}
