/// Finds the state dict in what `torch.save` was given: the state itself, or a training bundle around it.
enum TorchBundle {
    /// Where training programs put the state, in the order in which they are looked for.
    private static let stateKeys = ["model", "state_dict", "model_state_dict"]
    private static let metadataLimit = 2000

    static func state(of pickle: Pickle, storages: inout TorchStorages) throws(RecognizerError) -> StateDict {
        let path = storages.path
        guard case .dictionary(let root) = pickle.root else {
            throw .malformed(
                path: path, reason: "holds \(describe(pickle)), accepted is a state dict; save model.state_dict()")
        }
        let items = pickle.heap.dictionaries[root]
        if items.contains(where: { if case .tensor = $0.value { true } else { false } }) {
            return StateDict(tensors: try tensors(items, of: pickle, storages: &storages))
        }
        for key in stateKeys {
            guard case .dictionary(let state)? = items.last(where: { $0.key.string == key })?.value else { continue }
            let found = try tensors(pickle.heap.dictionaries[state], of: pickle, storages: &storages)
            var metadata: [String: String] = [:]
            for item in items where !stateKeys.contains(item.key.string ?? "") && item.key.string != "optimizer" {
                collect(item.value, name: item.key.string ?? "", pickle.heap, into: &metadata, depth: 0)
            }
            return StateDict(tensors: found, metadata: metadata)
        }
        let keys = items.prefix(12).compactMap(\.key.string).joined(separator: ", ")
        throw .malformed(
            path: path, reason: "no tensors, and none of \(stateKeys.joined(separator: ", ")) among its keys: \(keys)")
    }

    private static func describe(_ pickle: Pickle) -> String {
        if case .object(let index) = pickle.root { return "an instance of \(pickle.heap.objects[index].className)" }
        return pickle.root.kind
    }

    private static func tensors(
        _ items: [(key: PickleValue, value: PickleValue)], of pickle: Pickle, storages: inout TorchStorages
    ) throws(RecognizerError) -> [String: StoredTensor] {
        var tensors: [String: StoredTensor] = [:]
        for item in items {
            guard let name = item.key.string else {
                throw .malformed(path: storages.path, reason: "a tensor's name is \(item.key.kind)")
            }
            guard case .tensor(let index) = item.value else {
                throw .malformed(path: storages.path, reason: "\"\(name)\" is \(item.value.kind), accepted is a tensor")
            }
            let tensor = try storages.tensor(pickle.heap.tensors[index], name: name)
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw .malformed(path: storages.path, reason: "tensor \"\(name)\" stands twice")
            }
        }
        return withoutParallelPrefix(tensors)
    }

    /// Training on several processors puts `module.` before every name.
    private static func withoutParallelPrefix(_ tensors: [String: StoredTensor]) -> [String: StoredTensor] {
        let prefix = "module."
        guard !tensors.isEmpty, tensors.keys.allSatisfy({ $0.hasPrefix(prefix) }) else { return tensors }
        return Dictionary(uniqueKeysWithValues: tensors.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }

    /// Flattens plain data beside the state (`config.MODEL.MASK_MODE` and the like) to text.
    private static func collect(
        _ value: PickleValue, name: String, _ heap: PickleHeap, into metadata: inout [String: String], depth: Int
    ) {
        guard metadata.count < metadataLimit, depth < 8 else { return }
        var items: [(key: PickleValue, value: PickleValue)] = []
        switch value {
        case .string(let text): metadata[name] = text
        case .integer(let number): metadata[name] = String(number)
        case .number(let number): metadata[name] = String(number)
        case .bool(let flag): metadata[name] = String(flag)
        case .dictionary(let index): items = heap.dictionaries[index]
        case .object(let index): items = heap.objects[index].fields
        default: break
        }
        for item in items {
            guard let key = item.key.string else { continue }
            collect(item.value, name: name + "." + key, heap, into: &metadata, depth: depth + 1)
        }
    }
}
