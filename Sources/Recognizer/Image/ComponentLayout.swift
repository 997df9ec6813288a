/// Where a component's samples lie in a picture's planes.
struct ComponentLayout {
    let plane: Int
    /// The component's byte in a pixel of its plane, and the bytes of such a pixel.
    let offset, pixelBytes: Int
    /// 1 where the component has half the columns and rows, otherwise 0.
    let shift: Int

    /// Red, green and blue, or luma, Cb and Cr.
    static func components(of format: PixelFormat) -> (ComponentLayout, ComponentLayout, ComponentLayout) {
        switch format {
        case .rgb:
            (
                ComponentLayout(plane: 0, offset: 0, pixelBytes: 3, shift: 0),
                ComponentLayout(plane: 0, offset: 1, pixelBytes: 3, shift: 0),
                ComponentLayout(plane: 0, offset: 2, pixelBytes: 3, shift: 0)
            )
        case .i420:
            (
                ComponentLayout(plane: 0, offset: 0, pixelBytes: 1, shift: 0),
                ComponentLayout(plane: 1, offset: 0, pixelBytes: 1, shift: 1),
                ComponentLayout(plane: 2, offset: 0, pixelBytes: 1, shift: 1)
            )
        case .nv12:
            (
                ComponentLayout(plane: 0, offset: 0, pixelBytes: 1, shift: 0),
                ComponentLayout(plane: 1, offset: 0, pixelBytes: 2, shift: 1),
                ComponentLayout(plane: 1, offset: 1, pixelBytes: 2, shift: 1)
            )
        }
    }

    /// The byte of a row that holds the component at a column of the picture.
    func byte(of column: Int) -> Int { (column >> shift) * pixelBytes + offset }
}
