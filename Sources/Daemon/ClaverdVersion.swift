import Foundation

/// What this program is and what it was built with and runs on.
enum ClaverdVersion {
    static let current = "0.1.0"

    /// The compiler's version, as precisely as the language tells.
    static var swift: String {
        #if compiler(>=6.5)
            "6.5 or later"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// A library and how it tells its version at run time. A module that wraps a C library adds its line here.
    struct Library: Sendable {
        let name: String
        let version: @Sendable () -> String
    }

    static let libraries: [Library] = [
        Library(name: "system") { ProcessInfo.processInfo.operatingSystemVersionString }
    ]
}
