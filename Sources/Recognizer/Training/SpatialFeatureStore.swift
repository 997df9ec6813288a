import CKernels
import Glibc

/// Spatial features of a data set's clips in bfloat16, (views, clips, T, L, D), in a mapped file that outlasts the process.
///
/// The file is a page that says whose features these are, a check sum for each clip and view (0 where it is not there), and the
/// features. A sum is set only when its features are on the disk, so an interrupted computation goes on where it was.
/// All room is taken at the beginning: a full disk is an error then and not a signal later.
///
/// Used from one thread at a time.
package final class SpatialFeatureStore {
    package let views: Int
    package let clips: Int
    /// T * L * D
    package let valueCount: Int
    private let path: String
    private let base: UnsafeMutableRawPointer
    private let byteCount: Int
    private let sums: UnsafeMutablePointer<UInt32>
    private let values: UnsafeMutablePointer<UInt16>
    /// Places of what is kept and not yet on the disk.
    private var unmarked: [Int] = []

    private static let page = 4096
    /// Clips whose features are brought to the disk together.
    private static let group = 64

    /// Opens the store at `path`, or makes it.
    ///
    /// - Parameters:
    ///   - key: everything that decides the features, on one line; a file with another is begun anew.
    ///   - byteLimit: what the file may take of the disk.
    /// - Throws: `RecognizerError.io` if there is no room, before anything is computed.
    package init(
        path: String, key: String, geometry: ModelGeometry, clips: Int, views: Int, byteLimit: Int
    ) throws(RecognizerError) {
        self.path = path
        self.clips = clips
        self.views = views
        valueCount = geometry.frames * geometry.tokens * geometry.visionWidth
        let sumsBytes = (clips * views * 4 + Self.page - 1) / Self.page * Self.page
        byteCount = Self.page + sumsBytes + clips * views * valueCount * 2
        var hash = SHA256()
        hash.update("with check sums \(key)")
        let text = SHA256.hex(hash.finalize())
        guard byteCount <= byteLimit else {
            throw .io(
                path: path, operation: "create",
                reason:
                    "features of \(clips) clips in \(views) views take \(byteCount) bytes, features_limit allows \(byteLimit)"
            )
        }
        base = try Self.map(path, byteCount: byteCount)
        sums = (base + Self.page).bindMemory(to: UInt32.self, capacity: clips * views)
        values = (base + Self.page + sumsBytes).bindMemory(to: UInt16.self, capacity: clips * views * valueCount)
        let head = UnsafeMutableRawBufferPointer(start: base, count: text.utf8.count)
        if !head.elementsEqual(text.utf8) {
            memset(base, 0, Self.page + sumsBytes)
            head.copyBytes(from: text.utf8)
        }
    }

    deinit { munmap(base, byteCount) }

    private static func map(_ path: String, byteCount: Int) throws(RecognizerError) -> UnsafeMutableRawPointer {
        func failure(_ operation: String, _ code: CInt) -> RecognizerError {
            .io(path: path, operation: operation, reason: String(cString: strerror(code)))
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw failure("create", errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine", errno) }
        if Int(status.st_size) != byteCount, ftruncate(descriptor, 0) != 0 { throw failure("cut", errno) }
        let code = posix_fallocate(descriptor, 0, off_t(byteCount))
        guard code == 0 else {
            // What was taken of a disk that has not enough is given back.
            unlink(path)
            throw failure("make room for \(byteCount) bytes in", code)
        }
        guard let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED
        else { throw failure("map", errno) }
        return base
    }

    private func place(_ clip: Int, _ view: Int) -> Int { view * clips + clip }

    /// Whether the features of a clip are there and on the disk.
    package func holds(clip: Int, view: Int) -> Bool { sums[place(clip, view)] != 0 }

    /// Keeps the features (T, L, D) of a clip, rounded.
    ///
    /// - Throws: as `flush`.
    package func keep(_ features: UnsafePointer<Float>, clip: Int, view: Int) throws(RecognizerError) {
        let at = place(clip, view)
        ckernels_f32_to_bf16(values + at * valueCount, features, valueCount)
        unmarked.append(at)
        if unmarked.count >= Self.group { try flush() }
    }

    /// Brings everything kept so far to the disk.
    ///
    /// - Throws: `RecognizerError.io` if the disk does not take it, which then stays unmarked, to be computed again.
    package func flush() throws(RecognizerError) {
        guard !unmarked.isEmpty else { return }
        guard msync(base, byteCount, MS_SYNC) == 0 else {
            throw .io(path: path, operation: "write", reason: String(cString: strerror(errno)))
        }
        for place in unmarked { sums[place] = sum(place) }
        unmarked = []
    }

    /// The features (T, L, D) of a clip that `holds` says is there.
    ///
    /// - Throws: `RecognizerError.malformed` if they are not what was kept. All that are not are then not there any more.
    package func read(_ out: UnsafeMutablePointer<Float>, clip: Int, view: Int) throws(RecognizerError) {
        let place = place(clip, view)
        guard sums[place] == sum(place) else {
            let damaged = (0..<clips * views).filter { sums[$0] != 0 && sums[$0] != sum($0) }
            for place in damaged { sums[place] = 0 }
            throw .malformed(
                path: path,
                reason:
                    "\(damaged.count) of \(clips * views) features are damaged; when the run goes on they are computed again"
            )
        }
        ckernels_bf16_to_f32(out, values + place * valueCount, valueCount)
    }

    /// The check sum of the features that stand at a place; never 0.
    private func sum(_ place: Int) -> UInt32 {
        max(Zlib.checkSum(UnsafeRawBufferPointer(start: values + place * valueCount, count: valueCount * 2)), 1)
    }
}
