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
            let begin = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
                .prefix { $0 != "," }
            guard let mark = begin.firstRange(of: " v") else { return LinkedLibrary(name: "MPI", version: String(begin)) }
            return LinkedLibrary(name: String(begin[..<mark.lowerBound]), version: String(begin[mark.upperBound...]))
        #else
            nil
        #endif
    }
}
