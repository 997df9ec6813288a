/// Pickle opcodes, written by hand.
enum PickleText {
    static func make(_ operations: [UInt8]...) -> [UInt8] { [0x80, 2] + operations.flatMap { $0 } + [0x2E] }

    static let mark: [UInt8] = [0x28]
    static let tuple: [UInt8] = [0x74]
    static let emptyTuple: [UInt8] = [0x29]
    static let emptyList: [UInt8] = [0x5D]
    static let emptyDictionary: [UInt8] = [0x7D]
    static let append: [UInt8] = [0x61]
    static let setItem: [UInt8] = [0x73]
    static let setItems: [UInt8] = [0x75]
    static let reduce: [UInt8] = [0x52]
    static let newObject: [UInt8] = [0x81]
    static let build: [UInt8] = [0x62]
    static let persistentID: [UInt8] = [0x51]
    static let none: [UInt8] = [0x4E]
    static let no: [UInt8] = [0x89]
    static func put(_ index: UInt8) -> [UInt8] { [0x71, index] }
    static func get(_ index: UInt8) -> [UInt8] { [0x68, index] }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func text(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }

    /// An integer of any size, as LONG1.
    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + little(Int64(value)) }

    static func integers(_ values: [Int]) -> [UInt8] { mark + values.flatMap(integer) + tuple }

    /// `("storage", torch.<type>Storage, "0", "cpu", count)` as a persistent id.
    static func storage(count: Int, type: String = "Float") -> [UInt8] {
        mark + text("storage") + global("torch", type + "Storage") + text("0") + text("cpu") + integer(count) + tuple
            + persistentID
    }

    static func tensor(
        count: Int, offset: Int = 0, shape: [Int], strides: [Int], type: String = "Float"
    ) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2") + mark + storage(count: count, type: type) + integer(offset)
            + integers(shape) + integers(strides) + no + global("collections", "OrderedDict") + emptyTuple + reduce
            + tuple + reduce
    }

    /// `{"w": value}`
    static func state(_ value: [UInt8]) -> [UInt8] { make(emptyDictionary, text("w"), value, setItem) }
}
