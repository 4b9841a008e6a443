import Testing

@Suite("The record protocol, in every interleaving of a small model")
struct RecordModelTests {
    @Test("the rules together are sound, whoever stops where", arguments: RecordScenario.all.indices)
    func sound(_ index: Int) {
        var model = RecordModel(RecordScenario.all[index])
        let finding = model.search()
        #expect(finding.isSound, "\(RecordScenario.all[index].name): \(finding)")
        print("records, \(RecordScenario.all[index].name): \(finding)")
    }

    @Test("no rule can be left out", arguments: Rule.allCases)
    func needed(_ rule: Rule) {
        for scenario in RecordScenario.all {
            var model = RecordModel(scenario, without: rule)
            if case .counterexample(let flaw, let steps) = model.search() {
                print("without \"\(rule.rawValue)\", with \(scenario.name):", terminator: " ")
                print(Finding.counterexample(flaw: flaw, steps: steps))
                #expect(!steps.isEmpty)
                return
            }
        }
        Issue.record("the model is sound without \"\(rule.rawValue)\": it is too small, or the rule is not needed")
    }
}
