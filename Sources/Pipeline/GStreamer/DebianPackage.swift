/// Which Debian package has an element, or decodes a format.
package enum DebianPackage {
    /// The package of an element that a pipeline of ours names.
    package static func ofElement(_ name: String) -> String? {
        switch name {
        case "filesrc", "filesink", "fakesink", "capsfilter": "libgstreamer1.0-0"
        case "decodebin", "appsink", "appsrc", "videoconvert", "videotestsrc": "gstreamer1.0-plugins-base"
        case "rtspsrc", "souphttpsrc", "v4l2src", "videoflip", "jpegdec", "multipartdemux", "qtdemux", "matroskademux",
            "mp4mux":
            "gstreamer1.0-plugins-good"
        case "hlsdemux", "tsdemux", "h264parse", "h265parse", "av1dec", "openh264enc": "gstreamer1.0-plugins-bad"
        case "x264enc": "gstreamer1.0-plugins-ugly"
        case let libav where libav.hasPrefix("av"): "gstreamer1.0-libav"
        default: nil
        }
    }

    /// The package that decodes or unpacks a media type such as `video/x-h264`.
    package static func ofMediaType(_ type: String) -> String? {
        switch type {
        case "video/x-h264", "video/x-h265", "video/mpeg", "video/x-msmpeg", "video/x-divx", "video/x-xvid",
            "video/x-h263", "video/x-wmv", "video/x-flash-video", "video/x-svq", "video/x-indeo", "video/x-prores",
            "video/x-dnxhd", "video/x-huffyuv", "video/x-ffv", "video/x-cinepak", "video/x-vc1", "image/gif":
            "gstreamer1.0-libav"
        case "video/x-vp8", "video/x-vp9", "image/jpeg", "image/png", "video/quicktime", "video/x-matroska",
            "video/webm",
            "video/x-msvideo", "video/x-flv", "application/x-rtp", "multipart/x-mixed-replace", "video/x-dv":
            "gstreamer1.0-plugins-good"
        case "video/mpegts", "application/x-hls", "application/dash+xml", "video/x-av1", "image/webp",
            "application/mxf":
            "gstreamer1.0-plugins-bad"
        case "video/x-ms-asf", "application/vnd.rn-realmedia": "gstreamer1.0-plugins-ugly"
        case "video/x-theora", "application/ogg": "gstreamer1.0-plugins-base"
        default: nil
        }
    }
}
