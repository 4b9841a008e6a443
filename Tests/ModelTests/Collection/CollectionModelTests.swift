import Testing

@Suite("Collecting while others publish, in every interleaving of a small model")
struct CollectionModelTests {
    static let retirements = [
        RetirementModel(kinds: [.bytes, .bytes], collectors: 2, settlers: 3),
        RetirementModel(kinds: [.bytes, .nothing], collectors: 2, settlers: 3),
        RetirementModel(kinds: [.nothing, .nothing], collectors: 2, settlers: 2),
        RetirementModel(kinds: [.bytes, .nothing], collectors: 1, settlers: 2, repairers: 1),
    ]

    static let markers = [
        MarkerModel(kinds: [.bytes, .bytes], collectors: 2),
        MarkerModel(kinds: [.bytes, .nothing], collectors: 2),
        MarkerModel(kinds: [.nothing], collectors: 3),
    ]

    static let gates = [
        GateModel(kinds: [.bytes], collectors: 2),
        GateModel(kinds: [.bytes, .nothing], collectors: 1),
        GateModel(kinds: [.blind, .bytes], collectors: 1),
        GateModel(kinds: [.nothing], collectors: 2),
        GateModel(kinds: [.blind], collectors: 1, repairers: 1, startsDamaged: true),
        GateModel(kinds: [.blind], collectors: 0, repairers: 2, startsDamaged: true),
    ]

    @Test("on a filesystem the rules together lose nothing, whoever stops where", arguments: retirements.indices)
    func retirement(_ index: Int) {
        expectSound("retirement", Self.retirements, index)
    }

    @Test("on a filesystem no rule can be left out", arguments: RetirementModel.Rule.allCases)
    func retirementRule(_ rule: RetirementModel.Rule) {
        expectNeeded(rule, "retirement", Self.retirements)
    }

    @Test("on S3 the rules together lose nothing, whoever stops where", arguments: markers.indices)
    func marker(_ index: Int) {
        expectSound("markers", Self.markers, index)
    }

    @Test("on S3 no rule can be left out", arguments: MarkerModel.Rule.allCases)
    func markerRule(_ rule: MarkerModel.Rule) {
        expectNeeded(rule, "markers", Self.markers)
    }

    @Test(
        "by the gate publishers settle in one read, and nothing is lost, whoever stops where", arguments: gates.indices)
    func gate(_ index: Int) {
        expectSound("gate", Self.gates, index)
    }

    @Test("of the gate no rule can be left out", arguments: GateModel.Rule.allCases)
    func gateRule(_ rule: GateModel.Rule) {
        expectNeeded(rule, "gate", Self.gates)
    }
}
