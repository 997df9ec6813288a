import CMosquitto
package import Recognizer

extension LinkedLibrary {
    package static var mosquitto: LinkedLibrary {
        var (major, minor, revision) = (Int32(0), Int32(0), Int32(0))
        mosquitto_lib_version(&major, &minor, &revision)
        return LinkedLibrary(name: "libmosquitto", version: "\(major).\(minor).\(revision)")
    }
}
