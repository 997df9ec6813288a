import CFailingDecoder
import Foundation
import Pipeline
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct DecoderChoiceTests {
    private static let hardware = "Codec/Decoder/Video/Hardware"
    private static let software = "Codec/Decoder/Video"

    @Test func admitsHardwareUntilItHasFailedBeforeAPicture() {
        var choice = DecoderChoice(.auto)
        let device = DecoderChoice.Candidate(name: "vah264dec", role: Self.hardware, rank: 257)
        let library = DecoderChoice.Candidate(name: "avdec_h264", role: Self.software, rank: 256)
        #expect(choice.admits(device) && choice.admits(library))
        #expect(choice.pipelineFailed(usedHardware: false, frames: 0) == false)
        #expect(choice.pipelineFailed(usedHardware: true, frames: 1) == false)
        #expect(choice.admits(device))
        #expect(choice.pipelineFailed(usedHardware: true, frames: 0) == true)
        #expect(!choice.admits(device) && choice.admits(library))
        #expect(choice.pipelineFailed(usedHardware: true, frames: 0) == false, "once only")
    }

    @Test func softwareIsAllThatIsAdmittedWhereThatIsAskedFor() {
        var choice = DecoderChoice(.software)
        #expect(!choice.admits(DecoderChoice.Candidate(name: "vah264dec", role: Self.hardware, rank: 257)))
        #expect(choice.pipelineFailed(usedHardware: true, frames: 0) == false)
    }

    @Test(arguments: [
        ("vah264dec", hardware, 0, 257), ("vaapih264dec", hardware, 256, 257), ("v4l2h264dec", hardware, 128, 257),
        ("v4l2slh265dec", hardware, 257, nil), ("nvh264dec", hardware, 256, nil), ("avdec_h264", software, 256, nil),
        ("vavp8dec", software, 0, nil),
    ])
    func ranksDevicesOfLinuxBeforeSoftware(name: String, role: String, rank: Int, expected: Int?) {
        let candidate = DecoderChoice.Candidate(name: name, role: role, rank: rank)
        #expect(DecoderChoice.rank(for: candidate) == expected)
        #expect(DecoderChoice.rank(for: candidate, rankedByUser: [name]) == nil)
    }

    @Test func decoderThatCannotBeOpenedIsPassedOver() async {
        await #expect(processExitsWith: .success) {
            try await Self.expectWholeDemo(decoderOpens: false, hardwareFailures: 0)
        }
    }

    @Test func decoderThatFailsAtItsFirstPictureIsReplacedBySoftware() async {
        await #expect(processExitsWith: .success) {
            try await Self.expectWholeDemo(decoderOpens: true, hardwareFailures: 1)
        }
    }

    @Test func decoderThatWouldFailIsNotTriedWhereSoftwareIsAskedFor() async {
        await #expect(processExitsWith: .success) {
            try await Self.expectWholeDemo(decoderOpens: true, preference: .software, hardwareFailures: 0)
        }
    }

    /// Plays a file beside a failing decoder; ends the process with 1 unless all of its frames come.
    private static func expectWholeDemo(
        decoderOpens: Bool, preference: DecoderChoice.Preference = .auto, hardwareFailures: Int
    ) async throws {
        try GStreamerRuntime.start()
        register_failing_decoder(decoderOpens ? 1 : 0)
        var options = SourceOptions()
        options.decoder = preference
        let recorder = try SourceRecorder(SampleFile.demo, options: options)
        let events = await recorder.allEvents()
        let counters = recorder.source.counters
        guard events.times.count == 468, events.failure == nil, counters.hardwareFailures == hardwareFailures else {
            print("\(events.times.count) frames, \(String(describing: events.last)), \(counters)")
            exit(1)
        }
    }
}

@Suite struct DecoderThreadsTests {
    @Test(arguments: [
        (1, 1, 1), (1, 2, 2), (2, 2, 2), (3, 2, 1), (4, 2, 1), (20, 2, 1), (1, 8, 4), (4, 8, 4), (8, 8, 2), (9, 8, 1),
        (0, 4, 4),
    ])
    func eachCameraHasItsShare(cameras: Int, cores: Int, threads: Int) {
        #expect(DecoderThreads.count(cameras: cameras, cores: cores) == threads)
    }
}
