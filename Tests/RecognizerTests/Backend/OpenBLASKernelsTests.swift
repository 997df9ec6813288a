import CKernels
import Testing

@testable import Recognizer

@Suite struct OpenBLASKernelsTests {
    @Test func asksForKernelsWithTheVectorsThatThereAre() {
        #expect(OpenBLASKernels.better(than: "Prescott", vectors: CKERNELS_AVX512) == "SkylakeX")
        #expect(OpenBLASKernels.better(than: "Prescott", vectors: CKERNELS_AVX2) == "Haswell")
    }

    @Test func leavesWhatFitsAlone() {
        #expect(OpenBLASKernels.better(than: "Prescott", vectors: CKERNELS_PORTABLE) == nil)
        for known in ["Haswell", "Zen", "SkylakeX", "SapphireRapids", "Nehalem", "ARMV8"] {
            #expect(OpenBLASKernels.better(than: known, vectors: CKERNELS_AVX512) == nil)
        }
    }
}
