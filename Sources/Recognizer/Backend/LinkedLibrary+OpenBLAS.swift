import COpenBLAS

extension LinkedLibrary {
    package static var openBLAS: LinkedLibrary {
        // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
        let words = String(cString: openblas_get_config()).split(separator: " ")
        return LinkedLibrary(name: "OpenBLAS", version: words.count > 1 ? String(words[1]) : "unknown")
    }
}
