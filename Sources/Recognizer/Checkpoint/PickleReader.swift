/// Reads a pickle as data: a small stack machine for the opcodes that `torch.save` and TorchScript write.
///
/// Nothing is ever called. Names of classes and functions are strings; REDUCE knows a short list of them
/// (`PickleGlobal`) and refuses every other. An instance made by the object protocol (NEWOBJ without arguments, then
/// BUILD or items), as a training bundle's configuration object is, becomes a `PickleObject`: a record of its fields.
struct PickleReader {
    struct Limits {
        /// Values on the stack. One SETITEMS of a TorchScript module holds all fields of that module.
        var stack = 1_000_000
        /// Open MARKs, and containers within containers.
        var nesting = 200
        var memo = 10_000_000
        /// Values in all containers together.
        var values = 20_000_000
    }

    let path: String
    let limits: Limits
    var cursor: ByteCursor
    var heap = PickleHeap()
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var valueCount = 0

    /// Reads the pickle that begins at `position`.
    static func read(
        _ bytes: UnsafeRawBufferPointer, path: String, at position: Int = 0, limits: Limits = Limits()
    ) throws(RecognizerError) -> Pickle {
        var reader = PickleReader(
            path: path, limits: limits, cursor: ByteCursor(bytes, path: path, at: position))
        let root = try reader.run()
        try PickleGraph.check(root, heap: reader.heap, path: path, depthLimit: limits.nesting)
        return Pickle(root: root, heap: reader.heap, end: reader.cursor.position)
    }

    private init(path: String, limits: Limits, cursor: ByteCursor) {
        self.path = path
        self.limits = limits
        self.cursor = cursor
    }

    func failure(_ reason: String) -> RecognizerError {
        .malformed(path: path, reason: "pickle, byte \(cursor.position): \(reason)")
    }

    private mutating func push(_ value: PickleValue) throws(RecognizerError) {
        guard stack.count < limits.stack else { throw failure("more than \(limits.stack) values on the stack") }
        stack.append(value)
    }

    mutating func pop() throws(RecognizerError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else { throw failure("stack underflow") }
        return value
    }

    private mutating func popMark() throws(RecognizerError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw failure("no MARK on the stack") }
        let values = Array(stack[mark...])
        stack.removeLast(values.count)
        return values
    }

    private func top() throws(RecognizerError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else { throw failure("stack underflow") }
        return value
    }

    /// Counts values that go into a container, so that one small file cannot grow without bound.
    mutating func account(_ count: Int) throws(RecognizerError) {
        valueCount += count
        guard valueCount <= limits.values else { throw failure("more than \(limits.values) values") }
    }

    mutating func tuple(_ values: [PickleValue]) throws(RecognizerError) -> PickleValue {
        try account(values.count + 1)
        heap.tuples.append(values)
        return .tuple(heap.tuples.count - 1)
    }

    mutating func list(_ values: [PickleValue]) throws(RecognizerError) -> PickleValue {
        try account(values.count + 1)
        heap.lists.append(values)
        return .list(heap.lists.count - 1)
    }

    mutating func dictionary() throws(RecognizerError) -> PickleValue {
        try account(1)
        heap.dictionaries.append([])
        return .dictionary(heap.dictionaries.count - 1)
    }

    private mutating func run() throws(RecognizerError) -> PickleValue {
        while true {
            let opcode = try cursor.byte()
            if opcode == UInt8(ascii: ".") {
                let root = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw failure("values left on the stack at the end") }
                return root
            }
            if try scalar(opcode) { continue }
            if try memoise(opcode) { continue }
            if try container(opcode) { continue }
            if try objectProtocol(opcode) { continue }
            throw failure("opcode 0x\(String(opcode, radix: 16)) is none that PyTorch writes")
        }
    }

    /// Numbers, texts, and opcodes without effect.
    private mutating func scalar(_ opcode: UInt8) throws(RecognizerError) -> Bool {
        switch opcode {
        case 0x80:  // PROTO
            let version = try cursor.byte()
            guard (2...5).contains(version) else { throw failure("protocol \(version), accepted are 2 to 5") }
        case 0x95: _ = try cursor.take(8)  // FRAME
        case UInt8(ascii: "N"): try push(.none)
        case 0x88: try push(.bool(true))
        case 0x89: try push(.bool(false))
        case UInt8(ascii: "J"): try push(.integer(Int(try cursor.integer(Int32.self))))
        case UInt8(ascii: "K"): try push(.integer(Int(try cursor.byte())))
        case UInt8(ascii: "M"): try push(.integer(Int(try cursor.integer(UInt16.self))))
        case UInt8(ascii: "G"): try push(.number(Double(bitPattern: try cursor.integer(UInt64.self).byteSwapped)))
        case 0x8A: try push(try longInteger(Int(try cursor.byte())))  // LONG1
        case 0x8C: try push(.string(try cursor.text(Int(try cursor.byte()))))  // SHORT_BINUNICODE
        case UInt8(ascii: "X"): try push(.string(try cursor.text(Int(try cursor.integer(UInt32.self)))))
        case 0x8D: try push(.string(try cursor.text(try length64())))  // BINUNICODE8
        case UInt8(ascii: "U"), UInt8(ascii: "T"):  // SHORT_BINSTRING, BINSTRING of Python 2
            let count = opcode == UInt8(ascii: "U") ? Int(try cursor.byte()) : Int(try cursor.integer(Int32.self))
            try push(.string(String(decoding: cursor.bytes[try cursor.take(count)], as: UTF8.self)))
        case UInt8(ascii: "C"): try skipBytes(Int(try cursor.byte()))
        case UInt8(ascii: "B"): try skipBytes(Int(try cursor.integer(UInt32.self)))
        case 0x8E, 0x96: try skipBytes(try length64())  // BINBYTES8, BYTEARRAY8
        default: return false
        }
        return true
    }

    private mutating func skipBytes(_ count: Int) throws(RecognizerError) {
        _ = try cursor.take(count)
        try push(.bytes)
    }

    private mutating func length64() throws(RecognizerError) -> Int {
        guard let length = Int(exactly: try cursor.integer(UInt64.self)) else { throw failure("an impossible length") }
        return length
    }

    private mutating func longInteger(_ count: Int) throws(RecognizerError) -> PickleValue {
        let range = try cursor.take(count)
        guard count <= 8 else { return .bytes }
        guard count > 0 else { return .integer(0) }
        var value: UInt64 = cursor.bytes[range.upperBound - 1] >= 0x80 ? .max : 0
        for index in range.reversed() { value = value << 8 | UInt64(cursor.bytes[index]) }
        return .integer(Int(bitPattern: UInt(value)))
    }

    private mutating func memoise(_ opcode: UInt8) throws(RecognizerError) -> Bool {
        switch opcode {
        case UInt8(ascii: "q"): memo[Int(try cursor.byte())] = try top()
        case UInt8(ascii: "r"): memo[Int(try cursor.integer(UInt32.self))] = try top()
        case 0x94: memo[memo.count] = try top()  // MEMOIZE
        case UInt8(ascii: "h"): try push(try remembered(Int(try cursor.byte())))
        case UInt8(ascii: "j"): try push(try remembered(Int(try cursor.integer(UInt32.self))))
        default: return false
        }
        guard memo.count <= limits.memo else { throw failure("more than \(limits.memo) remembered values") }
        return true
    }

    private func remembered(_ index: Int) throws(RecognizerError) -> PickleValue {
        guard let value = memo[index] else { throw failure("nothing is remembered as \(index)") }
        return value
    }

    private mutating func container(_ opcode: UInt8) throws(RecognizerError) -> Bool {
        switch opcode {
        case UInt8(ascii: "("):
            guard marks.count < limits.nesting else { throw failure("nested deeper than \(limits.nesting)") }
            marks.append(stack.count)
        case UInt8(ascii: ")"): try push(try tuple([]))
        case UInt8(ascii: "t"): try push(try tuple(try popMark()))
        case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
            var values: [PickleValue] = []
            for _ in 0..<opcode - 0x84 { values.insert(try pop(), at: 0) }
            try push(try tuple(values))
        case UInt8(ascii: "]"), 0x8F: try push(try list([]))  // EMPTY_LIST, EMPTY_SET
        case UInt8(ascii: "l"), 0x91: try push(try list(try popMark()))  // LIST, FROZENSET
        case UInt8(ascii: "}"): try push(try dictionary())
        case UInt8(ascii: "d"):
            let items = try popMark()
            try push(try dictionary())
            try set(items)
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"), 0x90: try append(try popMark())  // APPENDS, ADDITEMS
        case UInt8(ascii: "s"):
            let value = try pop()
            try set([try pop(), value])
        case UInt8(ascii: "u"): try set(try popMark())
        default: return false
        }
        return true
    }

    private mutating func append(_ values: [PickleValue]) throws(RecognizerError) {
        try account(values.count)
        switch try top() {
        case .list(let index): heap.lists[index].append(contentsOf: values)
        case .object(let index): heap.objects[index].elements.append(contentsOf: values)
        case let other: throw failure("elements are appended to \(other.kind)")
        }
    }

    private mutating func set(_ items: [PickleValue]) throws(RecognizerError) {
        guard items.count.isMultiple(of: 2) else { throw failure("a key without a value") }
        try account(items.count)
        let target = try top()
        for index in stride(from: 0, to: items.count, by: 2) {
            let item = (key: items[index], value: items[index + 1])
            switch target {
            case .dictionary(let target): heap.dictionaries[target].append(item)
            case .object(let target): heap.objects[target].fields.append(item)
            default: throw failure("items are set on \(target.kind)")
            }
        }
        // With no item at all the target still has to be one that takes items.
        switch target {
        case .dictionary, .object: break
        default: throw failure("items are set on \(target.kind)")
        }
    }

    private mutating func objectProtocol(_ opcode: UInt8) throws(RecognizerError) -> Bool {
        switch opcode {
        case UInt8(ascii: "c"):
            let module = try cursor.line(limit: 1000)
            try push(.global(module + " " + (try cursor.line(limit: 1000))))
        case 0x93:  // STACK_GLOBAL
            let name = try pop()
            guard case .string(let module) = try pop(), let name = name.string else {
                throw failure("a global whose name is no string")
            }
            try push(.global(module + " " + name))
        case UInt8(ascii: "Q"): try push(.storage(try storage(try pop())))
        case UInt8(ascii: "R"):
            let arguments = try pop()
            let function = try pop()
            try push(try reduce(function, try elements(of: arguments)))
        case 0x81:  // NEWOBJ
            let arguments = try pop()
            try push(try newObject(try pop(), arguments: try elements(of: arguments)))
        case 0x92:  // NEWOBJ_EX
            guard case .dictionary(let keywords) = try pop(), heap.dictionaries[keywords].isEmpty else {
                throw failure("an object is made with keyword arguments")
            }
            let arguments = try pop()
            try push(try newObject(try pop(), arguments: try elements(of: arguments)))
        case UInt8(ascii: "b"): try build(try pop())
        default: return false
        }
        return true
    }

    func elements(of value: PickleValue) throws(RecognizerError) -> [PickleValue] {
        guard case .tuple(let index) = value else { throw failure("a tuple is expected, found \(value.kind)") }
        return heap.tuples[index]
    }

    /// The state of an object: fields of a record; attributes of an ordered dictionary (`_metadata`) have no use here.
    private mutating func build(_ state: PickleValue) throws(RecognizerError) {
        switch try top() {
        case .object(let target):
            if case .dictionary(let fields) = state {
                try account(heap.dictionaries[fields].count)
                heap.objects[target].fields.append(contentsOf: heap.dictionaries[fields])
            } else {
                heap.objects[target].elements.append(state)
            }
        case .dictionary:
            guard case .dictionary = state else { throw failure("a dictionary gets \(state.kind) as its state") }
        case let other: throw failure("a state is set on \(other.kind)")
        }
    }
}
