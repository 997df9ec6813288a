import TestSupport
import Testing

@testable import Recognizer

@Suite struct TrainedParametersTests {
    private static let geometry = RandomModel.geometry(spatialLayers: 1, temporalLayers: 2, mask: .kmt)

    @Test(arguments: [nil, 8, 16, 64]) func whatGoesInComesOut(panel: Int?) throws {
        let state = RandomModel.state(Self.geometry, seed: 1)
        let parameters = try TrainedParameters(state, Self.geometry, panel: panel) { _ in true }
        let copies = TrainedParameters.copies(parameters.values, parameters.layout)
        #expect(Set(copies.keys) == Set(parameters.layout.entries.map(\.name)))
        for (name, copy) in copies {
            #expect(copy.shape == state.tensors[name]?.shape, "\(name)")
            #expect(copy.floats().values == state.tensors[name]?.floats().values, "\(name)")
        }
    }

    @Test(arguments: [nil, 16]) func viewsThatAreForgottenFollowTheValues(panel: Int?) throws {
        let state = RandomModel.state(Self.geometry, seed: 1)
        let parameters = try TrainedParameters(state, Self.geometry, panel: panel) { _ in true }
        let views = TrainedParameters.views(parameters.values, parameters.layout, prefix: "p.")
        for _ in 0..<2 {
            for (name, tensor) in state.tensors {
                let view = try #require(views["p." + name])
                #expect(view.shape == tensor.shape && view.floats().values == tensor.floats().values, "\(name)")
                view.owner.forget(view.range)
            }
        }
        try parameters.load(RandomModel.state(Self.geometry, seed: 2))
        for (name, tensor) in RandomModel.state(Self.geometry, seed: 2).tensors {
            #expect(views["p." + name]?.floats().values == tensor.floats().values, "\(name)")
        }
    }

    @Test func aBlocksMatrixStandsInPanels() throws {
        let state = RandomModel.state(Self.geometry, seed: 1)
        let parameters = try TrainedParameters(state, Self.geometry, panel: 16) { _ in true }
        let name = "visual.transformer.resblocks.0.mlp.c_proj.weight"
        let weight = try #require(state.tensors[name]?.floats())
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        let slot = parameters.slot(name)
        #expect(slot.panel == 16)
        for (row, column) in [(0, 0), (0, 16), (3, 1), (rows - 1, columns - 1)] {
            #expect(
                slot.value[column / 16 * rows * 16 + row * 16 + column % 16] == weight.values[row * columns + column])
        }
    }

    @Test func whatLayersTakeApartStandsInRows() throws {
        let state = RandomModel.state(Self.geometry, seed: 1)
        let parameters = try TrainedParameters(state, Self.geometry, panel: 16) { _ in true }
        let apart = ModelTensors.temporalBlock(1) + "attn.in_proj_weight"
        for name in [apart, "visual.conv1.weight", "visual.proj", "token_embedding.weight", "logit_scale"] {
            #expect(parameters.slot(name).panel == nil, "\(name)")
        }
        #expect(parameters.slot(ModelTensors.temporalBlock(0) + "attn.in_proj_weight").panel == 16)
    }
}
