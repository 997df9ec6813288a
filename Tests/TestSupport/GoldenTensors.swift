import Foundation
package import Recognizer

/// Where the golden data lie.
package enum Golden {
    /// The path of a file in `Tests/Golden`.
    package static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden").appendingPathComponent(name).path
    }
}

/// A safetensors file read whole, for expected values only: independent of the product's reader, which is what tests test.
package struct GoldenTensors: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Entry {
        let dtype: String
        let shape: [Int]
        let bytes: Range<Int>
    }

    private let path: String
    private let content: [UInt8]
    private let entries: [String: Entry]
    /// The header's `__metadata__`.
    package let metadata: [String: String]

    package init(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        guard data.count >= 8 else { throw Failure(description: "\(path): \(data.count) bytes, expected at least 8") }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(data.count - 8) else { throw Failure(description: "\(path): header of \(length) bytes") }
        let start = 8 + Int(length)
        guard let header = try JSONSerialization.jsonObject(with: data[8..<start]) as? [String: Any] else {
            throw Failure(description: "\(path): the header is no object")
        }
        var entries: [String: Entry] = [:]
        for (name, value) in header where name != "__metadata__" {
            guard let fields = value as? [String: Any], let dtype = fields["dtype"] as? String,
                let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
                offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1], start + offsets[1] <= data.count
            else { throw Failure(description: "\(path): entry \(name) is not understood: \(value)") }
            entries[name] = Entry(dtype: dtype, shape: shape, bytes: start + offsets[0]..<start + offsets[1])
        }
        self.path = path
        self.content = [UInt8](data)
        self.entries = entries
        self.metadata = header["__metadata__"] as? [String: String] ?? [:]
    }

    /// All tensors' names, sorted.
    package var names: [String] { entries.keys.sorted() }

    package func shape(_ name: String) throws -> [Int] { try entry(name).shape }

    /// An F32 tensor.
    package func floats(_ name: String) throws -> Tensor {
        let values: [UInt32] = try numbers(name, dtype: "F32")
        return Tensor(shape: try shape(name), values: values.map(Float.init(bitPattern:)))
    }

    /// The values of a U8 tensor, row-major.
    package func bytes(_ name: String) throws -> [UInt8] { try numbers(name, dtype: "U8") }

    /// The values of an I64 tensor, row-major.
    package func integers(_ name: String) throws -> [Int] {
        let values: [Int64] = try numbers(name, dtype: "I64")
        return values.map(Int.init)
    }

    private func entry(_ name: String) throws -> Entry {
        guard let entry = entries[name] else { throw Failure(description: "\(path): no tensor \(name)") }
        return entry
    }

    private func numbers<Number: FixedWidthInteger>(_ name: String, dtype: String) throws -> [Number] {
        let entry = try entry(name)
        let size = MemoryLayout<Number>.size
        guard entry.dtype == dtype, entry.bytes.count == entry.shape.reduce(1, *) * size else {
            throw Failure(
                description:
                    "\(path): \(name) is \(entry.dtype) \(entry.shape) in \(entry.bytes.count) bytes, not \(dtype)")
        }
        return content.withUnsafeBytes { raw in
            (0..<entry.bytes.count / size).map { index in
                Number(
                    littleEndian: raw.loadUnaligned(
                        fromByteOffset: entry.bytes.lowerBound + index * size, as: Number.self))
            }
        }
    }
}
