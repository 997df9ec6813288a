import CKernels
import Glibc

/// The processors that the scheduler may run this process on: the machine's, or those that `taskset`, a cpuset, systemd's
/// `CPUAffinity` or `mpirun`'s binding leave it.
package enum Processors {
    package static var count: Int { allowed.count }

    /// Their numbers, rising.
    static var allowed: [Int] {
        var words = [UInt64](repeating: 0, count: 1024)
        guard ckernels_allowed_processors(&words, words.count) == 0 else {
            return Array(0..<max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1))
        }
        return words.indices.filter { words[$0] != 0 }.flatMap { word in
            (0..<64).filter { words[word] >> UInt64($0) & 1 == 1 }.map { word * 64 + $0 }
        }
    }

    /// How many threads one of the processes on a machine should take: each processor counts for it in parts, as many as there
    /// are processes that may use it.
    ///
    /// - Parameter all: the processors of every process on the machine, this one's `own` among them.
    static func share(of own: [Int], among all: [[Int]]) -> Int {
        var users: [Int: Int] = [:]
        for number in all.joined() { users[number, default: 0] += 1 }
        let share = own.reduce(0.0) { $0 + 1 / Double(users[$1] ?? 1) }
        return max(Int(share + 1e-6), 1)
    }
}
