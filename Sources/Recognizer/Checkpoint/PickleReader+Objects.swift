extension PickleReader {
    /// What REDUCE makes of a listed function; every other name is refused.
    mutating func reduce(
        _ function: PickleValue, _ arguments: [PickleValue]
    ) throws(RecognizerError) -> PickleValue {
        guard case .global(let name) = function else { throw failure("\(function.kind) is called") }
        guard let global = PickleGlobal(name) else { throw unsupported(name) }
        switch global {
        case .orderedDictionary: return try orderedDictionary(arguments)
        case .counter:
            guard arguments.count <= 1 else { throw arity(name, arguments) }
            if case .dictionary? = arguments.first { return arguments[0] }
            return try dictionary()
        case .sequence:
            guard arguments.count == 1, case .list = arguments[0] else { throw arity(name, arguments) }
            return arguments[0]
        case .rebuildTensor: return try rebuildTensor(name, arguments)
        case .rebuildParameter:
            guard (1...3).contains(arguments.count), case .tensor = arguments[0] else { throw arity(name, arguments) }
            return arguments[0]
        case .size:
            guard arguments.count == 1, case .tuple = arguments[0] else { throw arity(name, arguments) }
            return arguments[0]
        case .device:
            guard (1...2).contains(arguments.count), case .string = arguments[0] else { throw arity(name, arguments) }
            return arguments[0]
        case .reconstructor:
            // (class, base class, base state): the object protocol of old-style pickles.
            guard arguments.count == 3, case .global(let base) = arguments[1],
                ["builtins object", "__builtin__ object"].contains(base)
            else { throw arity(name, arguments) }
            return try newObject(arguments[0], arguments: [])
        case .typedList:
            guard arguments.count == 1, case .list = arguments[0] else { throw arity(name, arguments) }
            return arguments[0]
        case .typeTag:
            guard arguments.count == 2, case .string = arguments[1] else { throw arity(name, arguments) }
            return arguments[0]
        case .opaque:
            try account(1)
            heap.objects.append(PickleObject(className: name))
            return .object(heap.objects.count - 1)
        case .plain: throw unsupported(name)
        }
    }

    /// An instance of any class as a record. Arguments would be meant for a constructor and are refused.
    mutating func newObject(
        _ type: PickleValue, arguments: [PickleValue]
    ) throws(RecognizerError) -> PickleValue {
        guard case .global(let name) = type else { throw failure("an object is made of \(type.kind)") }
        if case .orderedDictionary? = PickleGlobal(name) { return try orderedDictionary(arguments) }
        let module = name.prefix { $0 != " " && $0 != "." }
        guard arguments.isEmpty, !Self.systemModules.contains(String(module)) else { throw unsupported(name) }
        try account(1)
        heap.objects.append(PickleObject(className: name))
        return .object(heap.objects.count - 1)
    }

    /// Modules none of whose names is a configuration class: a pickle that mentions them is an attack, and is named so
    /// even where reading it as a record would do nothing.
    private static let systemModules: Set<String> = [
        "builtins", "__builtin__", "os", "posix", "nt", "sys", "subprocess", "shutil", "socket", "runpy", "importlib",
        "ctypes", "code", "commands", "pty", "operator", "functools", "types", "pickle", "webbrowser",
    ]

    private func unsupported(_ name: String) -> RecognizerError { PickleGraph.unsupported(name, path: path) }

    private func arity(_ name: String, _ arguments: [PickleValue]) -> RecognizerError {
        failure("\(name) does not take (\(arguments.prefix(8).map(\.kind).joined(separator: ", ")))")
    }

    /// `OrderedDict()` or `OrderedDict([[key, value], ...])`.
    private mutating func orderedDictionary(_ arguments: [PickleValue]) throws(RecognizerError) -> PickleValue {
        let made = try dictionary()
        guard let first = arguments.first else { return made }
        guard arguments.count == 1, case .list(let pairs) = first, case .dictionary(let target) = made else {
            throw arity("collections OrderedDict", arguments)
        }
        for pair in heap.lists[pairs] {
            let items: [PickleValue] =
                switch pair {
                case .list(let index): heap.lists[index]
                case .tuple(let index): heap.tuples[index]
                default: []
                }
            guard items.count == 2 else { throw failure("an ordered dictionary is made of something else than pairs") }
            try account(2)
            heap.dictionaries[target].append((key: items[0], value: items[1]))
        }
        return made
    }

    /// `("storage", class, key, location, element count)`, the one kind of persistent id that PyTorch writes.
    func storage(_ value: PickleValue) throws(RecognizerError) -> PickleStorage {
        let parts = try elements(of: value)
        guard parts.count == 5 || parts.count == 6, parts[0].string == "storage", case .global(let name) = parts[1],
            let key = parts[2].string, let count = parts[4].integer, count >= 0
        else {
            throw failure("a persistent id that is no storage")
        }
        if parts.count == 6 {
            guard case .none = parts[5] else { throw failure("a view of a storage, as PyTorch before 0.4 wrote") }
        }
        guard let type = PickleGlobal.storageType(name) else {
            throw failure("a storage of class \(name), accepted are torch FloatStorage, HalfStorage and the like")
        }
        return PickleStorage(key: key, type: type, count: count)
    }

    private mutating func rebuildTensor(
        _ name: String, _ arguments: [PickleValue]
    ) throws(RecognizerError) -> PickleValue {
        guard [4, 6, 7].contains(arguments.count), case .storage(let storage) = arguments[0],
            let offset = arguments[1].integer
        else { throw arity(name, arguments) }
        let shape = try integers(arguments[2])
        let strides = try integers(arguments[3])
        guard heap.tensors.count < Safetensors.tensorLimit else {
            throw failure("more than \(Safetensors.tensorLimit) tensors")
        }
        heap.tensors.append(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides))
        return .tensor(heap.tensors.count - 1)
    }

    private func integers(_ value: PickleValue) throws(RecognizerError) -> [Int] {
        let values = try elements(of: value)
        let integers = values.compactMap(\.integer)
        guard integers.count == values.count, integers.count <= TensorLayout.dimensionLimit else {
            throw failure("a shape that is no tuple of at most \(TensorLayout.dimensionLimit) integers")
        }
        return integers
    }
}
