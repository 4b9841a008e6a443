import Testing

@Suite("Handing a feed over to another catalog, in every interleaving of a small model")
struct HandoverModelTests {
    static let models = [
        HandoverModel(runs: 1, changes: 3),
        HandoverModel(runs: 2, changes: 2),
        HandoverModel(runs: 3, changes: 1),
    ]

    @Test("the rules together keep every change, and one catalog in charge", arguments: models.indices)
    func sound(_ index: Int) {
        expectSound("handover", Self.models, index)
    }

    @Test("no rule can be left out", arguments: HandoverModel.Rule.allCases)
    func rule(_ rule: HandoverModel.Rule) {
        expectNeeded(rule, "handover", Self.models)
    }
}
