/// What a name in a pickle may mean. A name outside this list is refused wherever it would be called.
enum PickleGlobal {
    case orderedDictionary
    case counter
    case sequence
    case rebuildTensor
    case rebuildParameter
    case size
    case device
    case reconstructor
    case typedList
    case typeTag
    /// Numbers of NumPy and the bytes they are made of: read as data without content.
    case opaque
    /// A name that may stand in the data as itself.
    case plain

    init?(_ name: String) {
        switch name {
        case "collections OrderedDict": self = .orderedDictionary
        case "collections Counter", "collections defaultdict": self = .counter
        case "builtins set", "builtins frozenset", "__builtin__ set", "__builtin__ frozenset": self = .sequence
        case "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor": self = .rebuildTensor
        case "torch._utils _rebuild_parameter", "torch.nn.parameter Parameter": self = .rebuildParameter
        case "torch Size": self = .size
        case "torch device": self = .device
        case "copyreg _reconstructor", "copy_reg _reconstructor": self = .reconstructor
        case "torch.jit._pickle build_intlist", "torch.jit._pickle build_tensorlist",
            "torch.jit._pickle build_doublelist", "torch.jit._pickle build_boollist":
            self = .typedList
        case "torch.jit._pickle restore_type_tag": self = .typeTag
        case "numpy.core.multiarray scalar", "numpy._core.multiarray scalar", "numpy dtype", "_codecs encode":
            self = .opaque
        case "builtins object", "__builtin__ object", "builtins dict", "builtins list", "__builtin__ dict",
            "__builtin__ list", "builtins int", "__builtin__ int", "builtins float", "__builtin__ float",
            "torch float32", "torch float16", "torch bfloat16", "torch float64", "torch int64":
            self = .plain
        default:
            guard Self.storageType(name) != nil else { return nil }
            self = .plain
        }
    }

    /// The element type of a storage class, `torch FloatStorage` and the like.
    static func storageType(_ name: String) -> ElementType? {
        switch name {
        case "torch FloatStorage": .float32
        case "torch HalfStorage": .float16
        case "torch BFloat16Storage": .bfloat16
        case "torch DoubleStorage": .float64
        case "torch LongStorage": .int64
        case "torch IntStorage": .int32
        case "torch ShortStorage": .int16
        case "torch CharStorage": .int8
        case "torch ByteStorage": .uint8
        case "torch BoolStorage": .bool
        default: nil
        }
    }
}
