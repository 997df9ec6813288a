import Foundation
import Pipeline
import Plugins
import Recognizer

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

    static var system: String { ProcessInfo.processInfo.operatingSystemVersionString }

    /// The C libraries of this process. A folder that wraps one adds its line here.
    static var libraries: [LinkedLibrary] {
        let all: [LinkedLibrary?] = [.openBLAS, .oneDNN, .mpi, .zlib, .gStreamer, .mosquitto]
        return all.compactMap(\.self)
    }
}
