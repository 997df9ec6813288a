import CGStreamer
package import Recognizer

extension LinkedLibrary {
    package static var gStreamer: LinkedLibrary {
        var (major, minor, micro, nano) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        gst_version(&major, &minor, &micro, &nano)
        return LinkedLibrary(name: "GStreamer", version: "\(major).\(minor).\(micro)")
    }
}
