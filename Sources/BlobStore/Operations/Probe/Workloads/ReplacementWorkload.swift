/// All replace the same records, whose versions all have read before: of each, one may win.
struct ReplacementWorkload: Workload {
    let name = "replacement"
    let guarantees = ["compare-and-swap"]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Race {
        let storage = barrier.storage
        var race = Race(by: barrier.me)
        if try await barrier.meet("begin").first == barrier.me {
            for round in 0..<Race.rounds { _ = try await storage.create(try key(round), Claim(by: "nobody", turn: 1)) }
        }
        try await barrier.meet("made")
        var expected: [Stored<Claim>] = []
        for round in 0..<Race.rounds {
            guard let stored = try await storage.document(try key(round), as: Claim.self) else {
                throw StoreError(.failed, "a record that another had created is not there")
            }
            expected.append(stored)
        }
        try await barrier.meet("ready")
        try await race.run(losingWith: .preconditionFailed) { (round) async throws(StoreError) in
            _ = try await storage.replace(try key(round), expected[round], with: Claim(by: barrier.me, turn: 2))
        }
        try await barrier.meet("end")
        try await race.look { (round) async throws(StoreError) in
            try await storage.document(try key(round), as: Claim.self)?.body.by
        }
        return race
    }

    func judge(_ notes: [Race]) -> [Guarantee] {
        [
            Race.judge(
                notes, name: "compare-and-swap", deed: "to replace the same version of a record",
                harm: "and all but one of them lose what they wrote")
        ]
    }

    private func key(_ round: Int) throws(StoreError) -> Key { try Key("replaced/\(round).json") }
}
