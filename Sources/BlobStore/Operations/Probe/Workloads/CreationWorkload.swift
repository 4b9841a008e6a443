/// All create the same records at once: of each, one may win.
struct CreationWorkload: Workload {
    let name = "creation"
    let guarantees = ["exclusive-create"]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Race {
        let storage = barrier.storage
        var race = Race(by: barrier.me)
        try await barrier.meet("begin")
        try await race.run(losingWith: .preconditionFailed) { (round) async throws(StoreError) in
            _ = try await storage.create(try key(round), Claim(by: barrier.me, turn: 1))
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
                notes, name: "exclusive-create", deed: "to create the same record",
                harm: "and all but one of them lose what they published")
        ]
    }

    private func key(_ round: Int) throws(StoreError) -> Key { try Key("created/\(round).json") }
}
