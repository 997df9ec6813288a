internal import CKernels

extension ColourMatrix {
    /// Shares of red and blue in luma.
    private var shares: (red: Double, blue: Double) {
        switch self {
        case .bt601: (0.299, 0.114)
        case .bt709: (0.2126, 0.0722)
        case .bt2020: (0.2627, 0.0593)
        }
    }

    /// The kernel's coefficients for YCbCr of this matrix in `range`.
    func conversion(range: ColourRange) -> preprocess_colour {
        let (red, blue) = shares
        let green = 1 - red - blue
        let lumaGain = range == .limited ? 255.0 / 219 : 1
        let chromaGain = range == .limited ? 255.0 / 224 : 1
        func fixed(_ value: Double) -> Int16 { Int16((value * 8192).rounded()) }
        return preprocess_colour(
            luma_offset: range == .limited ? 16 * 8 : 0,
            luma: fixed(lumaGain),
            red_cr: fixed(2 * (1 - red) * chromaGain),
            green_cb: fixed(-2 * (1 - blue) * blue / green * chromaGain),
            green_cr: fixed(-2 * (1 - red) * red / green * chromaGain),
            blue_cb: fixed(2 * (1 - blue) * chromaGain))
    }
}
