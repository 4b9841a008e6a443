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
        expectSound("migration", Self.models, index)
    }

    @Test("no rule can be left out", arguments: MigrationModel.Rule.allCases)
    func rule(_ rule: MigrationModel.Rule) {
        expectNeeded(rule, "migration", Self.models)
    }
}

@Suite("Deleting the root that a feed moved away from, in every interleaving of a small model")
struct DeletionModelTests {
    static let models = [
        DeletionModel(deleters: 1, migrations: 3, deletions: 3),
        DeletionModel(deleters: 2, migrations: 3, deletions: 3),
        DeletionModel(deleters: 3, migrations: 2, deletions: 3),
    ]

    @Test(
        "the rules together keep what the feed's root holds, whoever stops where and goes on", arguments: models.indices
    )
    func sound(_ index: Int) {
        expectSound("deletion", Self.models, index)
    }

    @Test("no rule can be left out", arguments: DeletionModel.Rule.allCases)
    func rule(_ rule: DeletionModel.Rule) {
        expectNeeded(rule, "deletion", Self.models)
    }
}
