/// How many threads each camera's decoder gets.
package enum DecoderThreads {
    /// More than this does not help pictures of any usual size, and each thread delays the pictures by one.
    private static let most = 4

    /// About two threads for each core in all, at least one for each camera: a decoder that waits leaves its core to others.
    package static func count(cameras: Int, cores: Int) -> Int {
        max(1, min(2 * cores / max(cameras, 1), cores, most))
    }
}
