/// A C library that this process runs on, with the version that the library itself tells at run time.
package struct LinkedLibrary: Sendable, Equatable {
    package let name: String
    /// Such as `0.3.21`.
    package let version: String

    package init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}
