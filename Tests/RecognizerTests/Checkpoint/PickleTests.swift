import Foundation
import Recognizer
import Testing

@Suite struct PickleTests {
    private typealias P = PickleText

    private let eight = (0..<8).flatMap { little(Float($0).bitPattern) }

    private func refuse(
        _ pickle: [UInt8], _ reason: String, storage: [UInt8] = [], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        CheckpointFiles.expectRefused(
            ZipText.torch(pickle: pickle, storage: storage).bytes, reason, sourceLocation: sourceLocation)
    }

    @Test func viewsAContiguousTensor() throws {
        let pickle = P.state(P.tensor(count: 8, offset: 2, shape: [2, 3], strides: [3, 1]))
        let state = try CheckpointFiles.read(ZipText.torch(pickle: pickle, storage: eight).bytes)
        #expect(state.tensors["w"]?.floats() == Tensor(shape: [2, 3], values: [2, 3, 4, 5, 6, 7]))
        #expect(state.tensors["w"]?.owner is MappedFile)
    }

    @Test func copiesATransposedTensor() throws {
        let pickle = P.state(P.tensor(count: 8, shape: [2, 2, 2], strides: [1, 4, 2]))
        let state = try CheckpointFiles.read(ZipText.torch(pickle: pickle, storage: eight).bytes)
        #expect(state.tensors["w"]?.floats() == Tensor(shape: [2, 2, 2], values: [0, 2, 4, 6, 1, 3, 5, 7]))
    }

    @Test func respectsTheByteOrder() throws {
        let pickle = P.state(P.tensor(count: 2, shape: [2], strides: [1]))
        let big = [Float(1.5), -2].flatMap { little($0.bitPattern.byteSwapped) }
        let state = try CheckpointFiles.read(ZipText.torch(pickle: pickle, storage: big, byteOrder: "big").bytes)
        #expect(state.tensors["w"]?.floats() == Tensor(shape: [2], values: [1.5, -2]))
    }

    @Test func stripsTheParallelPrefix() throws {
        let tensor = P.tensor(count: 8, shape: [8], strides: [1])
        let pickle = P.make(
            P.emptyDictionary, P.text("state_dict"), P.emptyDictionary, P.text("module.a.b"), tensor, P.setItem,
            P.setItem)
        let state = try CheckpointFiles.read(ZipText.torch(pickle: pickle, storage: eight).bytes)
        #expect(Array(state.tensors.keys) == ["a.b"])
    }

    @Test func keepsAForeignObjectAsARecord() throws {
        let tensor = P.tensor(count: 8, shape: [8], strides: [1])
        let object =
            P.global("yacs.config", "CfgNode") + P.emptyTuple + P.newObject + P.mark + P.text("MASK_MODE")
            + P.text("KMCT") + P.setItems + P.emptyDictionary + P.build
        let pickle = P.make(
            P.emptyDictionary, P.text("model"), P.emptyDictionary, P.text("w"), tensor, P.setItem, P.setItem,
            P.text("config"), object, P.setItem)
        let state = try CheckpointFiles.read(ZipText.torch(pickle: pickle, storage: eight).bytes)
        #expect(state.metadata == ["config.MASK_MODE": "KMCT"])
    }

    @Test(arguments: [
        ("os", "system"), ("builtins", "eval"), ("posix", "system"), ("torch", "load"), ("torch.hub", "load"),
        ("yacs.config", "CfgNode"), ("numpy", "load"), ("collections", "namedtuple"),
    ])
    func refusesToCallAnythingElse(module: String, name: String) {
        let call = P.global(module, name) + P.mark + P.text("touch /tmp/claverd-was-owned") + P.tuple + P.reduce
        let error = "unsupported global \(module).\(name)"
        refuse(P.state(call), error)
        refuse(P.state(P.global(module, name)), error)
        let object = P.global(module, name) + P.mark + P.text("touch /tmp/claverd-was-owned") + P.tuple + P.newObject
        refuse(P.state(object), error)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/claverd-was-owned"))
    }

    @Test func refusesSystemClassesEvenAsRecords() {
        refuse(P.state(P.global("subprocess", "Popen") + P.emptyTuple + P.newObject), "subprocess.Popen")
    }

    @Test func refusesItemsOnTensors() {
        let tensor = P.tensor(count: 8, shape: [8], strides: [1])
        refuse(P.state(tensor + P.text("k") + P.none + P.setItem), "items are set on a tensor", storage: eight)
        refuse(P.state(tensor + P.mark + P.setItems), "items are set on a tensor", storage: eight)
        refuse(P.state(tensor + P.none + P.append), "appended to a tensor", storage: eight)
        refuse(P.state(tensor + P.emptyDictionary + P.build), "state is set on a tensor", storage: eight)
        refuse(P.state(P.text("x") + P.none + P.append), "appended to a string")
    }

    @Test func refusesWrongArity() {
        let rebuild = P.global("torch._utils", "_rebuild_tensor_v2")
        refuse(P.state(rebuild + P.emptyTuple + P.reduce), "does not take")
        refuse(P.state(rebuild + P.none + P.reduce), "a tuple is expected")
        refuse(P.state(P.global("torch._utils", "_rebuild_parameter") + P.emptyTuple + P.reduce), "does not take")
        refuse(P.state(P.text("x") + P.emptyTuple + P.reduce), "a string is called")
        refuse(P.state(P.text("x") + P.persistentID), "a tuple is expected")
        refuse(P.state(P.integers([1, 2]) + P.persistentID), "no storage")
    }

    @Test func refusesABrokenMachine() {
        refuse(P.make(), "stack underflow")
        refuse(P.make(P.tuple), "no MARK")
        refuse(P.make(P.mark, P.append), "stack underflow")
        refuse(P.make(P.get(7)), "nothing is remembered as 7")
        refuse(P.make(P.none, P.none), "values left")
        refuse(P.make(P.emptyDictionary, P.mark, P.none, P.setItems), "key without a value")
        refuse([0x80, 2, 0x7D], "the data ends")
        refuse([0x80, 9, 0x4E, 0x2E], "protocol 9")
        refuse(P.make([0x69]), "opcode 0x69")
        refuse(P.make([0x58] + little(UInt32.max)), "more are needed")
        refuse(P.make([0x8D] + little(UInt64.max)), "impossible length")
    }

    @Test func refusesLoopsAndDeepNesting() {
        refuse(P.make(P.emptyList, P.put(0), P.get(0), P.append), "contain themselves")
        refuse(P.state(P.emptyDictionary + P.put(0) + P.text("k") + P.get(0) + P.setItem), "contain themselves")
        let tuples = [UInt8](repeating: 0x85, count: 1_000_000)
        refuse(P.make(P.none, tuples), "nest deeper")
        refuse(P.make([UInt8](repeating: 0x28, count: 100_000)), "nested deeper")
        let lists = [UInt8](repeating: 0x5D, count: 100_000) + [UInt8](repeating: 0x61, count: 99_999)
        refuse(P.make(lists), "nest deeper")
    }

    @Test func visitsSharedDataOnce() {
        // Sixty doublings: 2^60 paths to the same list.
        var doubled = P.emptyList
        for _ in 0..<60 { doubled += [0x71, 0, 0x68, 0, 0x86] }
        refuse(P.make(doubled), "holds a tuple")
    }

    @Test func refusesAStorageOfAnotherSize() {
        refuse(P.state(P.tensor(count: 9, shape: [9], strides: [1])), "are claimed", storage: eight)
        refuse(P.state(P.tensor(count: 1 << 61, shape: [8], strides: [1])), "are claimed", storage: eight)
        refuse(P.state(P.tensor(count: 8, shape: [8], strides: [1], type: "Double")), "are claimed", storage: eight)
    }

    @Test(arguments: [
        (0, [9], [1]), (1, [8], [1]), (-1, [2], [1]), (0, [2], [-1]), (0, [2, 2], [8, 1]), (0, [-2], [1]),
        (0, [1 << 40, 1 << 40], [0, 0]), (0, [2], [Int.max]), (Int.max, [2], [1]), (0, [2, 2], [1]),
        (0, [1 << 40], [0]), (0, [4, 4], [0, 1]),
    ])
    func refusesAViewOutsideItsStorage(offset: Int, shape: [Int], strides: [Int]) {
        refuse(
            P.state(P.tensor(count: 8, offset: offset, shape: shape, strides: strides)), "tensor \"w\"", storage: eight)
    }

    @Test func refusesToTransposeMoreThanTheFileHolds() {
        var items: [UInt8] = []
        for index in 0..<64 {
            items += P.text("w\(index)") + P.tensor(count: 4096, shape: [64, 64], strides: [1, 64])
        }
        // Shorter than 64 copies of the storage, long enough for some.
        refuse(
            P.make(P.emptyDictionary, P.mark, items, P.setItems), "more is transposed",
            storage: [UInt8](repeating: 0, count: 4096 * 4))
    }

    @Test func refusesAStateOfSomethingElse() {
        refuse(P.state(P.text("x")), "no tensors")
        refuse(P.make(P.emptyList), "holds a list")
        refuse(P.make(P.global("models.clip", "CLIP"), P.emptyTuple, P.newObject), "models.clip CLIP")
    }

    @Test func skipsEmptyTensors() throws {
        let pickle = P.state(P.tensor(count: 8, shape: [0, 4], strides: [4, 1]))
        let state = try CheckpointFiles.read(ZipText.torch(pickle: pickle, storage: eight).bytes)
        #expect(state.tensors["w"]?.floats() == Tensor(shape: [0, 4], values: []))
    }
}
