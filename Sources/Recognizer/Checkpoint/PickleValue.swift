/// One value on the stack of `PickleReader`. Containers are numbers into `PickleHeap`, so that no nesting and no loop in a
/// file makes our own memory nest or loop.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    /// Bytes and integers beyond 64 bits: kept out, their content matters to no tensor.
    case bytes
    /// A class or function by name, `module name`; never anything that could be called.
    case global(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case object(Int)
    case storage(PickleStorage)
    case tensor(Int)

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var integer: Int? { if case .integer(let value) = self { value } else { nil } }

    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .bytes: "bytes"
        case .global(let name): "the global \(name)"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .object: "an object"
        case .storage: "a storage"
        case .tensor: "a tensor"
        }
    }
}

/// A persistent id of a pickle: which raw bytes beside it are meant.
struct PickleStorage: Equatable {
    let key: String
    let type: ElementType
    /// Elements.
    let count: Int
}

/// A view of a storage, as the file claims it; nothing is checked yet.
struct PickleTensor {
    let storage: PickleStorage
    let offset: Int
    let shape: [Int]
    /// Elements from one step of a dimension to the next.
    let strides: [Int]
}

/// An instance of a class outside the allow-list, kept as a record of its data.
struct PickleObject {
    let className: String
    /// Its `__dict__`, or the items of a class that derives from `dict`.
    var fields: [(key: PickleValue, value: PickleValue)] = []
    /// Elements of a class that derives from `list`, and states that are no dictionary.
    var elements: [PickleValue] = []
}

/// Everything that a pickle made.
struct PickleHeap {
    var tuples: [[PickleValue]] = []
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var objects: [PickleObject] = []
    var tensors: [PickleTensor] = []
}

/// The outcome of reading one pickle.
struct Pickle {
    let root: PickleValue
    let heap: PickleHeap
    /// Where the byte after STOP lies.
    let end: Int
}
