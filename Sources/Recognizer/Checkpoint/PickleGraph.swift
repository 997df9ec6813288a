/// The check of a whole pickle once it is read.
enum PickleGraph {
    private enum Mark { case open, done }

    private struct Step {
        let identity: Int
        let children: [PickleValue]
        var next = 0
    }

    static func unsupported(_ name: String, path: String) -> RecognizerError {
        .unsupportedGlobal(path: path, name: name.split(separator: " ").joined(separator: "."))
    }

    /// Refuses data that contain themselves, nest deeper than `depthLimit`, or hold a name outside the allow-list.
    ///
    /// Walks with a stack of its own: each container once, however many places refer to it.
    static func check(
        _ root: PickleValue, heap: PickleHeap, path: String, depthLimit: Int
    ) throws(RecognizerError) {
        var marks: [Int: Mark] = [:]
        var steps: [Step] = []
        func visit(_ value: PickleValue) throws(RecognizerError) {
            if case .global(let name) = value {
                guard PickleGlobal(name) != nil else { throw unsupported(name, path: path) }
                return
            }
            guard let step = step(value, heap: heap) else { return }
            switch marks[step.identity] {
            case .done: return
            case .open: throw .malformed(path: path, reason: "the pickle's data contain themselves")
            case nil: break
            }
            guard steps.count < depthLimit else {
                throw .malformed(path: path, reason: "the pickle's data nest deeper than \(depthLimit)")
            }
            marks[step.identity] = .open
            steps.append(step)
        }
        try visit(root)
        while let last = steps.indices.last {
            if steps[last].next < steps[last].children.count {
                let child = steps[last].children[steps[last].next]
                steps[last].next += 1
                try visit(child)
            } else {
                marks[steps[last].identity] = .done
                steps.removeLast()
            }
        }
    }

    /// The container behind a value, with a number of its own among all containers.
    private static func step(_ value: PickleValue, heap: PickleHeap) -> Step? {
        switch value {
        case .tuple(let index): Step(identity: index * 4, children: heap.tuples[index])
        case .list(let index): Step(identity: index * 4 + 1, children: heap.lists[index])
        case .dictionary(let index):
            Step(identity: index * 4 + 2, children: heap.dictionaries[index].flatMap { [$0.key, $0.value] })
        case .object(let index):
            Step(
                identity: index * 4 + 3,
                children: heap.objects[index].fields.flatMap { [$0.key, $0.value] } + heap.objects[index].elements)
        default: nil
        }
    }
}
