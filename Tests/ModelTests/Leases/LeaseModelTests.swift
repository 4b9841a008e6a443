import Testing

@Suite("Leases, in every interleaving of a small model")
struct LeaseModelTests {
    @Test("at most one node believes that it holds the lease")
    func sound() {
        let finding = LeaseModel().search()
        #expect(finding.isSound, "\(finding)")
        print("leases: \(finding)")
    }

    @Test("without drift nobody needs to wait longer than the length")
    func noDrift() {
        let finding = LeaseModel(drift: 0).search()
        #expect(finding.isSound, "\(finding)")
    }

    @Test("no rule can be left out", arguments: LeaseModel.Rule.allCases)
    func rule(_ rule: LeaseModel.Rule) {
        expectNeeded(rule, "leases", [LeaseModel()])
    }
}
