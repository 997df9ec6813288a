#if OneDNN
    import COneDNN
#endif

extension LinkedLibrary {
    /// Nil where the trait `OneDNN` is off.
    package static var oneDNN: LinkedLibrary? {
        #if OneDNN
            guard let version = dnnl_version()?.pointee else { return nil }
            return LinkedLibrary(name: "oneDNN", version: "\(version.major).\(version.minor).\(version.patch)")
        #else
            nil
        #endif
    }
}
