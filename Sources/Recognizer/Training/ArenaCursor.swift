/// Hands out consecutive pieces of a flat memory. A first cursor without memory counts what is needed; a second one, over as
/// much memory, gives the same pieces as pointers.
struct ArenaCursor {
    private let base: UnsafeMutablePointer<Float>
    private(set) var used = 0

    /// - Parameter base: at a cache line's start.
    init(_ base: UnsafeMutablePointer<Float>) {
        self.base = base
    }

    /// The next `count` floats, at a cache line's start.
    mutating func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        defer { used += (count + 15) / 16 * 16 }
        return base + used
    }
}

/// A flat memory and what was laid out in it.
struct Arena<Contents> {
    let contents: Contents
    private let memory: PagedFloats

    /// - Parameter layOut: called twice, the first time over memory that it must not touch.
    init(_ layOut: (inout ArenaCursor) -> Contents) {
        memory = PagedFloats(count: Self.count(layOut))
        var cursor = ArenaCursor(memory.pointer)
        contents = layOut(&cursor)
    }

    /// Floats that such a layout takes.
    static func count(_ layOut: (inout ArenaCursor) -> Contents) -> Int {
        let nothing = FloatBuffer(count: 1)
        var counting = ArenaCursor(nothing.pointer)
        _ = layOut(&counting)
        return counting.used
    }
}
