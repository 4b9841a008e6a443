/// All count the same record up by compare-and-swap: no count may be lost.
struct ReplacementContest: Contest {
    struct Note: Codable, Sendable {
        /// How often it was told that it had counted.
        var counted = 0
        /// How often it was told that nobody knows.
        var unknown = 0
        /// What the record said after all had counted.
        var final: Int?
    }

    let turns = 12
    let name = "replacement"
    let guarantees = ["compare-and-swap"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Note {
        let storage = rendezvous.storage
        let key = try Key("race/count.json")
        let participants = try await rendezvous.meet("begin")
        if participants.first == rendezvous.me { _ = try await storage.create(key, Claim(by: rendezvous.me, turn: 0)) }
        try await rendezvous.meet("ready")
        var note = Note()
        for _ in 0..<turns {
            do throws(StoreError) {
                _ = try await storage.update(key, as: Claim.self) { claim in
                    Claim(by: rendezvous.me, turn: claim.turn + 1)
                }
                note.counted += 1
            } catch  where error.code == .outcomeUnknown {
                note.unknown += 1
            }
        }
        try await rendezvous.meet("end")
        note.final = try await storage.document(key, as: Claim.self)?.body.turn
        return note
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        let counted = notes.reduce(0) { $0 + $1.counted }
        let possible = counted...(counted + notes.reduce(0) { $0 + $1.unknown })
        let finals = Set(notes.map(\.final))
        let writes = "\(counted) replacements of one record by \(notes.count) processes at once"
        let detail: String
        switch (finals.count, finals.first ?? nil) {
        case (1, let final?) where possible.contains(final): detail = "\(writes): none was lost"
        case (1, let final?):
            detail = "of \(writes) \(abs(counted - final)) were lost: each was told that it had won"
        default: detail = "after \(writes) not all read the same"
        }
        let holds = finals.count == 1 && (finals.first ?? nil).map(possible.contains) == true
        return [Guarantee("compare-and-swap", holds: holds, detail)]
    }
}
