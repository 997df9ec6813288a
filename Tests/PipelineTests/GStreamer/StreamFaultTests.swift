import Pipeline
import Recognizer
import Testing

@Suite
struct StreamFaultTests {
    private func error(
        _ domain: StreamFault.Domain?, _ code: Int, _ message: String = "text", debug: String = "",
        isFile: Bool = false,
        missing: StreamFault.MissingPlugin? = nil
    ) -> PipelineError {
        StreamFault(domain: domain, code: code, message: message, debug: debug)
            .error(source: "camera", isFile: isFile, missing: missing)
    }

    @Test func tellsARefusedPasswordApart() {
        #expect(error(.resource, 15) == .unauthorised(source: "camera"))
        #expect(error(.resource, 5, debug: "gstrtspsrc.c: Unauthorized (401)") == .unauthorised(source: "camera"))
    }

    @Test func callsACameraUnreachableAndAFileUnreadable() {
        #expect(error(.resource, 5, "refused") == .unreachable(source: "camera", reason: "refused"))
        #expect(error(.resource, 5, "denied", isFile: true) == .unreadable(source: "camera", reason: "denied"))
    }

    @Test func addsWhatTheDebugTextKnows() {
        let debug = "gstrtspsrc.c(1): open (): /GstPipeline:pipeline0\nFailed to connect. (Connection refused)"
        #expect(
            error(.resource, 7, "Could not open.", debug: debug).reason
                == "Could not open. (Failed to connect. (Connection refused))")
    }

    @Test func tellsAnRTSPServersAnswer() {
        let debug = "gstrtspsrc.c(6954): gst_rtspsrc_send ():\nService Unavailable (503)"
        #expect(
            error(.resource, 5, "Unhandled error", debug: debug)
                == .unreachable(source: "camera", reason: "the server answers Service Unavailable (503)"))
    }

    @Test func namesThePackageOfAMissingDecoder() {
        let missing = StreamFault.MissingPlugin(kind: "decoder", detail: "video/x-h264")
        #expect(
            error(.stream, 6, missing: missing)
                == .missingElement(source: "camera", element: "decoder for video/x-h264", package: "gstreamer1.0-libav")
        )
    }

    @Test(arguments: [
        ("video/x-h265", "gstreamer1.0-libav"), ("video/x-vp9", "gstreamer1.0-plugins-good"),
        ("video/x-av1", "gstreamer1.0-plugins-bad"), ("video/x-theora", "gstreamer1.0-plugins-base"),
        ("application/x-hls", "gstreamer1.0-plugins-bad"),
    ])
    func knowsThePackageOfAFormat(type: String, package: String) {
        #expect(DebianPackage.ofMediaType(type) == package)
    }

    @Test func saysSoWhenThePackageIsUnknown() {
        let missing = StreamFault.MissingPlugin(kind: "decoder", detail: "video/x-odd")
        #expect(
            missing.error(source: "a") == .missingElement(source: "a", element: "decoder for video/x-odd", package: nil)
        )
    }

    @Test func keepsForeignTextOnOneLineAndFreeOfSecrets() {
        let text = error(.resource, 5, "no\n\u{1B}[31mluck at rtsp://cam/?password=geheim&x=1").description
        #expect(!text.contains("\n") && !text.contains("\u{1B}") && !text.contains("geheim"))
    }

    @Test func runsOnGStreamerOne() throws {
        try GStreamerRuntime.start()
        #expect(LinkedLibrary.gStreamer.version.hasPrefix("1."))
        #expect(throws: PipelineError.missingElement(source: "a", element: "nosuchsrc", package: nil)) {
            try GStreamerRuntime.require(["nosuchsrc"], source: "a")
        }
    }
}
