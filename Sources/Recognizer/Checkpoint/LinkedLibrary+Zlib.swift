import CZlib

extension LinkedLibrary {
    package static var zlib: LinkedLibrary { LinkedLibrary(name: "zlib", version: String(cString: zlibVersion())) }
}
