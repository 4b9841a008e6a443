import Testing

/// A model of a protocol, of which each rule can be left out.
protocol RuledModel {
    associatedtype Rule
    /// The rule that is left out; nil for none.
    var without: Rule? { get set }

    func search() -> Finding
}

/// Expects that no state of a model is one that must not be, and prints how many there are.
func expectSound(
    _ name: String, _ models: [some RuledModel], _ index: Int, sourceLocation: SourceLocation = #_sourceLocation
) {
    let finding = models[index].search()
    #expect(finding.isSound, "\(finding)", sourceLocation: sourceLocation)
    print("\(name), case \(index): \(finding)")
}

/// Expects that without the rule a search finds a flaw in one of the models, and prints the first.
func expectNeeded<Model: RuledModel>(
    _ rule: Model.Rule, _ name: String, _ models: [Model], sourceLocation: SourceLocation = #_sourceLocation
) {
    for var model in models {
        model.without = rule
        let finding = model.search()
        if case .counterexample = finding { return print("\(name) without \(rule): \(finding)") }
    }
    Issue.record(
        "\(name) without \(rule): nothing is lost, so the rule is not needed, or the model does not show why",
        sourceLocation: sourceLocation)
}
