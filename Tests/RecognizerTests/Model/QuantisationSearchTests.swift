import Recognizer
import Testing

@Suite struct QuantisationSearchTests {
    private func search(layers: Int = 40) -> QuantisationSearch {
        QuantisationSearch(
            errors: Dictionary(uniqueKeysWithValues: (0..<layers).map { ("layer \($0)", Double($0)) }))
    }

    @Test func aModelThatAgreesAtOnceIsQuantisedWhole() {
        var search = search()
        #expect(search.candidate == [])
        search.take(agreement: 0.996)
        #expect(search.candidate == nil)
        #expect(search.best?.floatLayers == [] && search.best?.agreement == 0.996)
    }

    @Test func theWorstLayersAreLeftFirst() {
        var search = search()
        search.take(agreement: 0.9)
        #expect(search.candidate == ["layer 39"])
        search.take(agreement: 0.95)
        #expect(search.candidate == ["layer 38", "layer 39"])
        search.take(agreement: 0.999)
        #expect(search.candidate == nil)
        #expect(search.best?.floatLayers.count == 2)
    }

    @Test func itEndsAtAQuarterOfTheLayersWithTheBestSoFar() {
        var search = search()
        var counts: [Int] = []
        while let candidate = search.candidate {
            counts.append(candidate.count)
            search.take(agreement: candidate.count == 4 ? 0.991 : 0.98)
        }
        #expect(counts == [0, 1, 2, 4, 8])
        #expect(search.best?.floatLayers.count == 4)
    }
}
