#if MPI
    import CMPI
#endif

extension LinkedLibrary {
    /// Nil where the trait `MPI` is off. Asks the library without initialising MPI.
    package static var mpi: LinkedLibrary? {
        #if MPI
            var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING))
            var length: Int32 = 0
            guard MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return nil }
            // "Open MPI v4.1.4, package: Debian OpenMPI, ..."
            let bytes = text.prefix { $0 != 0 && $0 != CChar(bitPattern: UInt8(ascii: ",")) }
            let begin = String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let words = begin.split(separator: " v", maxSplits: 1).map(String.init)
            return LinkedLibrary(name: words.count > 1 ? words[0] : "MPI", version: words.last ?? "unknown")
        #else
            nil
        #endif
    }
}
