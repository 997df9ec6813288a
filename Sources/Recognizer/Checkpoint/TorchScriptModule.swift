/// The tensors of a TorchScript archive: a tree of modules, each an object whose fields are its tensors and sub-modules.
///
/// The archive's code is not looked at.
enum TorchScriptModule {
    private static let depthLimit = 32

    static func state(of pickle: Pickle, storages: inout TorchStorages) throws(RecognizerError) -> StateDict {
        guard case .object(let root) = pickle.root else {
            throw .malformed(path: storages.path, reason: "a TorchScript archive whose root is \(pickle.root.kind)")
        }
        var state = StateDict(tensors: [:], metadata: ["format": "torchscript"])
        try collect(root, prefix: "", depth: 0, pickle.heap, &storages, &state)
        guard !state.tensors.isEmpty else {
            throw .malformed(path: storages.path, reason: "a TorchScript archive without tensors")
        }
        return state
    }

    private static func collect(
        _ object: Int, prefix: String, depth: Int, _ heap: PickleHeap, _ storages: inout TorchStorages,
        _ state: inout StateDict
    ) throws(RecognizerError) {
        guard depth <= depthLimit else {
            throw .malformed(path: storages.path, reason: "modules nest deeper than \(depthLimit)")
        }
        for field in heap.objects[object].fields {
            guard let key = field.key.string else { continue }
            switch field.value {
            case .tensor(let index):
                let name = prefix + key
                let tensor = try storages.tensor(heap.tensors[index], name: name)
                guard state.tensors.updateValue(tensor, forKey: name) == nil,
                    state.tensors.count <= Safetensors.tensorLimit
                else {
                    throw .malformed(
                        path: storages.path, reason: "tensor \"\(name)\" stands twice, or too many tensors")
                }
            case .object(let child):
                try collect(child, prefix: prefix + key + ".", depth: depth + 1, heap, &storages, &state)
            default: break
            }
        }
    }
}
