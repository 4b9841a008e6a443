/// All create the same records at once: of each, one may win.
struct CreationContest: Contest {
    let name = "creation"
    let guarantees = ["exclusive-create"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Race {
        let storage = rendezvous.storage
        var race = Race(by: rendezvous.me)
        try await rendezvous.meet("begin")
        try await race.run(losingWith: .preconditionFailed) { (round) async throws(StoreError) in
            _ = try await storage.create(try key(round), Claim(by: rendezvous.me, turn: 1))
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
                notes, "exclusive-create", "to create the same record",
                harm: "of whom all but one lose what they published")
        ]
    }

    private func key(_ round: Int) throws(StoreError) -> Key { try Key("created/\(round).json") }
}
