import CKernels
import COpenBLAS
import Foundation

/// Which of its kernels OpenBLAS took for this processor.
package enum OpenBLASKernels {
    private static let variable = "OPENBLAS_CORETYPE"

    /// The processor that they were written for, such as `SkylakeX`.
    package static var processor: String { String(cString: openblas_get_corename()) }

    /// Starts this program again in the same process, with the same arguments, where OpenBLAS mistakes the processor for a much
    /// older one; before anything else is begun.
    ///
    /// Versions before 0.3.25 take recent Intel processors, such as Raptor Lake and Emerald Rapids, for a Prescott and compute with
    /// SSE3, with AVX-512 at a quarter of the speed (OpenMathLib/OpenBLAS #4267). They are told better by the environment alone, as they are
    /// loaded. What the user wrote there stays. If the program cannot be started again, it goes on with what it has.
    package static func restartIfMistaken() {
        guard getenv(variable) == nil, let better = better(than: processor, vectors: vectors),
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return }
        setenv(variable, better, 1)
        execv(program, CommandLine.unsafeArgv)
        unsetenv(variable)
    }

    /// The newest kernels that a processor with such vectors can run, if those in use have none of them.
    static func better(than processor: String, vectors: ckernels_instructions) -> String? {
        guard processor == "Prescott" else { return nil }
        return switch vectors {
        case CKERNELS_AVX512: "SkylakeX"
        case CKERNELS_AVX2: "Haswell"
        default: nil
        }
    }

    private static var vectors: ckernels_instructions {
        [CKERNELS_AVX512, CKERNELS_AVX2].first { ckernels_functions_of($0) != nil } ?? CKERNELS_PORTABLE
    }
}
