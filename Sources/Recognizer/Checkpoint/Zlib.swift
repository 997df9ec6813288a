import CZlib

/// zlib's format, of pictures and of published text files.
enum Zlib {
    enum Failure: Error {
        case damaged
        case tooLong
    }

    /// `bytes` in zlib's wrapping, as small as the library makes them.
    static func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(UInt(bytes.count))
        var out = [UInt8](repeating: 0, count: Int(count))
        let status = compress2(&out, &count, bytes, UInt(bytes.count), Z_BEST_COMPRESSION)
        precondition(status == Z_OK, "zlib has no memory for \(bytes.count) bytes")
        out.removeLast(out.count - Int(count))
        return out
    }

    /// What is wrapped by zlib or gzip, `limit` bytes at most.
    static func inflated(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(Failure) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window, plus 32 for either wrapping.
        guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK,
            let base = bytes.baseAddress, bytes.count <= limit
        else { throw .damaged }
        defer { inflateEnd(&stream) }
        stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(bytes.count)
        var whole: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let status = piece.withUnsafeMutableBufferPointer { out in
                stream.next_out = out.baseAddress
                stream.avail_out = UInt32(out.count)
                return inflate(&stream, Z_NO_FLUSH)
            }
            whole.append(contentsOf: piece.prefix(piece.count - Int(stream.avail_out)))
            guard whole.count <= limit else { throw .tooLong }
            if status == Z_STREAM_END { return whole }
            guard status == Z_OK else { throw .damaged }
        }
    }

    /// The check sum of gzip and PNG.
    static func checkSum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count)))
    }
}
