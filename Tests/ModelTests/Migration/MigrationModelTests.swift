import Testing

@Suite("Migrating while others publish and others migrate, in every interleaving of a small model")
struct MigrationModelTests {
    static let models = [
        MigrationModel(rounds: [1, 1], migrators: 1, runs: 3, canAbort: true),
        MigrationModel(rounds: [1], migrators: 2, runs: 3, canAbort: true),
        MigrationModel(rounds: [2], migrators: 2, runs: 3, canAbort: false),
    ]

    @Test("the rules together lose nothing, whoever stops where, also on the way back", arguments: models.indices)
    func sound(_ index: Int) {
        let finding = Self.models[index].search()
        #expect(finding.isSound, "\(finding)")
        print("migration, case \(index): \(finding)")
    }

    @Test("no rule can be left out", arguments: MigrationModel.Rule.allCases)
    func rule(_ rule: MigrationModel.Rule) {
        expectCounterexample("migration without \(rule)", Self.models) { model in
            var model = model
            model.without = rule
            return model.search()
        }
    }
}
