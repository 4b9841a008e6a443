import Testing

@Suite("Collecting while others publish, in every interleaving of a small model")
struct CollectionModelTests {
    static let retirements = [
        RetirementModel(kinds: [.bytes, .bytes], collectors: 2, settlers: 3),
        RetirementModel(kinds: [.bytes, .nothing], collectors: 2, settlers: 3),
        RetirementModel(kinds: [.nothing, .nothing], collectors: 2, settlers: 2),
    ]

    static let markers = [
        MarkerModel(kinds: [.bytes, .bytes], collectors: 2),
        MarkerModel(kinds: [.bytes, .nothing], collectors: 2),
        MarkerModel(kinds: [.nothing], collectors: 3),
    ]

    @Test("on a filesystem the rules together lose nothing, whoever stops where", arguments: retirements.indices)
    func retirement(_ index: Int) {
        let finding = Self.retirements[index].search()
        #expect(finding.isSound, "\(finding)")
        print("retirement, case \(index): \(finding)")
    }

    @Test("on a filesystem no rule can be left out", arguments: RetirementModel.Rule.allCases)
    func retirementRule(_ rule: RetirementModel.Rule) {
        expectCounterexample("retirement without \(rule)", Self.retirements) { model in
            var model = model
            model.without = rule
            return model.search()
        }
    }

    @Test("on S3 the rules together lose nothing, whoever stops where", arguments: markers.indices)
    func marker(_ index: Int) {
        let finding = Self.markers[index].search()
        #expect(finding.isSound, "\(finding)")
        print("markers, case \(index): \(finding)")
    }

    @Test("on S3 no rule can be left out", arguments: MarkerModel.Rule.allCases)
    func markerRule(_ rule: MarkerModel.Rule) {
        expectCounterexample("markers without \(rule)", Self.markers) { model in
            var model = model
            model.without = rule
            return model.search()
        }
    }
}

/// Expects that a search finds a flaw in one of the models, and prints the first.
func expectCounterexample<Model>(_ name: String, _ models: [Model], search: (Model) -> Finding) {
    for model in models {
        let finding = search(model)
        if case .counterexample = finding {
            print("\(name): \(finding)")
            return
        }
    }
    Issue.record("\(name): nothing is lost, so the rule is not needed, or the model does not show why")
}
