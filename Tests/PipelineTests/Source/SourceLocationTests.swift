import Pipeline
import Testing

@Suite
struct SourceLocationTests {
    @Test func takesPathsAndFileURIs() throws {
        #expect(try Location("/srv/a b.mp4") == .file(path: "/srv/a b.mp4"))
        #expect(try Location("clips/a.mp4") == .file(path: "clips/a.mp4"))
        #expect(try Location("file:///srv/a%20b.mp4") == .file(path: "/srv/a b.mp4"))
        #expect(try Location("file://localhost/srv/a.mp4") == .file(path: "/srv/a.mp4"))
        #expect(try Location("./odd:name.mp4") == .file(path: "./odd:name.mp4"))
    }

    @Test func splitsUserAndPasswordOff() throws {
        guard case .network(let place) = try Location("RTSP://ad%6Din:p%40ss:w%2Ford@Cam.lan:8554/s?x=1") else {
            Issue.record("no network location")
            return
        }
        #expect(place.uri == "rtsp://Cam.lan:8554/s?x=1")
        #expect(place.credentials == Credentials(user: "admin", password: "p@ss:w/ord"))
        #expect(place.host == "cam.lan")
        #expect(place.scheme == .rtsp)
    }

    @Test(arguments: [
        "rtsp://admin:geheim@cam/stream", "rtsps://admin:a@geheim@cam/", "http://cam/video?user=a&password=geheim&x=1",
        "rtsp://cam/user=admin&pwd=geheim&channel=1", "https://cam/live?token=geheim#top",
    ])
    func showsNoSecret(uri: String) throws {
        let location = try Location(uri)
        var dumped = ""
        dump(location, to: &dumped)
        for text in [location.redacted, "\(location)", String(reflecting: location), "\([location])", dumped] {
            #expect(!text.contains("geheim"), "\(text)")
        }
    }

    @Test(arguments: [
        "rtsp://admin:ge/heim@cam/stream", "rtsp://admin:ge?heim@cam/stream", "ftp://admin:heim@cam/x",
        "rtsp://admin:%heim@cam/", "http://u:heim@169.254.169.254/",
    ])
    func showsNoSecretOfWhatItRefuses(uri: String) throws {
        let error = #expect(throws: PipelineError.self) { try Location(uri) }
        let text = try #require(error).description
        #expect(!text.contains("heim"), "\(text)")
    }

    @Test(arguments: [
        "", "ftp://host/a.mp4", "pipe:0", "data:text/plain,x", "javascript://x", "rtsp:cam", "file://host/a.mp4",
        "file:///a%00b", "rtsp://", "rtsp:///path", "rtsp://cam:port/", "rtsp://cam:0/", "rtsp://cam:99999/",
        "http://[::1/",
        "rtsp://ca m/", "rtsp://cam/a b", "rtsp://cam\n/", "filesrc location=x ! fakesink\u{7}", "v4l2:///etc/passwd",
        "v4l2:///dev/video", "v4l2:///dev/video0/../../etc/passwd", "v4l2:///dev/v4l/by-id/../../sda", "test://unknown",
        "test://ball?width=0", "test://ball?rate=x", "test://ball?colour=1", "test://ball?frames=-1", "rtsp+udp://cam/",
        "playbin://x", "rtspt://cam/", "http://cam!fakesink/",
    ])
    func refusesEverythingElse(uri: String) {
        #expect(throws: PipelineError.self) { try Location(uri) }
    }

    @Test func saysWhatIsAccepted() throws {
        let error = #expect(throws: PipelineError.self) { try Location("gopher://cam/") }
        #expect(try #require(error).description.contains(Location.acceptedForms))
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518",
        "169.254.169.254.", "[fe80::1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]",
    ])
    func refusesWebAddressesOfTheLocalLink(host: String) throws {
        #expect(throws: PipelineError.self) { try Location("http://\(host)/latest") }
        #expect(throws: PipelineError.self) { try Location("https://\(host):443/") }
        // A camera plugged in directly may well have such an address.
        if !host.hasSuffix(".") { _ = try Location("rtsp://\(host)/") }
    }

    @Test(arguments: ["169.253.1.1", "10.0.0.1", "[2001:db8::1]", "cam.lan", "[::ffff:10.0.0.1]"])
    func takesOtherWebAddresses(host: String) throws {
        _ = try Location("http://\(host):8080/")
    }

    @Test func takesDevices() throws {
        #expect(try Location("v4l2:///dev/video12") == .device(path: "/dev/video12"))
        let stable = "/dev/v4l/by-id/usb-046d_C920-video-index0"
        #expect(try Location("v4l2://\(stable)") == .device(path: stable))
        #expect(try Location("v4l2:///dev/video0").isLive)
    }

    @Test func readsTestPictures() throws {
        guard case .test(let plain) = try Location("test://"),
            case .test(let full) = try Location("test://snow?width=64&height=48&rate=5&frames=7")
        else {
            Issue.record("no test picture")
            return
        }
        #expect(plain.pattern == "ball" && plain.width == 320 && plain.height == 240 && plain.rate == 25)
        #expect(plain.frames == nil)
        #expect(full.pattern == "snow" && full.width == 64 && full.height == 48 && full.rate == 5 && full.frames == 7)
        #expect(try Location("test://").isLive)
        #expect(try !Location("test://?frames=1").isLive)
    }

    @Test func everyPatternIsOneThatGStreamerKnows() async throws {
        for pattern in TestPicture.patterns {
            let events = try await SourceRecorder("test://\(pattern)?frames=1&width=16&height=16").allEvents()
            #expect(events.times.count == 1, "\(pattern)")
        }
    }
}
