/// All replace the same records, whose versions all have read before: of each, one may win.
struct ReplacementContest: Contest {
    let name = "replacement"
    let guarantees = ["compare-and-swap"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Race {
        let storage = rendezvous.storage
        var race = Race(by: rendezvous.me)
        if try await rendezvous.meet("begin").first == rendezvous.me {
            for round in 0..<Race.rounds { _ = try await storage.create(try key(round), Claim(by: "nobody", turn: 1)) }
        }
        try await rendezvous.meet("made")
        var expected: [Stored<Claim>] = []
        for round in 0..<Race.rounds {
            guard let stored = try await storage.document(try key(round), as: Claim.self) else {
                throw StoreError(.failed, "a record that another had created is not there")
            }
            expected.append(stored)
        }
        try await rendezvous.meet("ready")
        try await race.run(losingWith: .preconditionFailed) { (round) async throws(StoreError) in
            _ = try await storage.replace(try key(round), expected[round], with: Claim(by: rendezvous.me, turn: 2))
        }
        try await rendezvous.meet("end")
        try await race.look { (round) async throws(StoreError) in
            try await storage.document(try key(round), as: Claim.self)?.body.by
        }
        return race
    }

    func judge(_ notes: [Race]) -> [Guarantee] {
        [
            Race.judge(
                notes, "compare-and-swap", "to replace the same version of a record",
                harm: "of whom all but one lose what they wrote")
        ]
    }

    private func key(_ round: Int) throws(StoreError) -> Key { try Key("replaced/\(round).json") }
}
