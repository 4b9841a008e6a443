/// All create the same records at once: of each, one may win.
struct CreationContest: Contest {
    struct Note: Codable, Sendable {
        let by: String
        /// By round: whether this one was told that it had won.
        var won: [Bool] = []
        /// By round: whether it was told that nobody knows.
        var isUnknown: [Bool] = []
        /// By round: whose record it read after all had tried.
        var seen: [String?] = []
    }

    let rounds = 40
    let name = "creation"
    let guarantees = ["exclusive-create"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Note {
        var note = Note(by: rendezvous.me)
        try await rendezvous.meet("begin")
        for round in 0..<rounds {
            var (won, isUnknown) = (false, false)
            do throws(StoreError) {
                _ = try await rendezvous.storage.create(try key(round), Claim(by: rendezvous.me, turn: 1))
                won = true
            } catch  where error.code == .preconditionFailed {
            } catch  where error.code == .outcomeUnknown {
                isUnknown = true
            }
            note.won.append(won)
            note.isUnknown.append(isUnknown)
        }
        try await rendezvous.meet("end")
        for round in 0..<rounds {
            let found: Stored<Claim>? = try await rendezvous.storage.document(try key(round))
            note.seen.append(found?.body.by)
        }
        return note
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        var (doubled, unwon, mistaken) = (0, 0, 0)
        for round in 0..<rounds {
            let winners = notes.filter { $0.won[round] }.map(\.by)
            let unknown = notes.filter { $0.isUnknown[round] }.map(\.by)
            if winners.count > 1 { doubled += 1 }
            if winners.isEmpty && unknown.isEmpty { unwon += 1 }
            let seen = Set(notes.map { $0.seen[round] })
            let mayBe = winners.isEmpty ? unknown : winners
            if seen.count != 1 || !mayBe.contains(where: { seen.contains($0) }) { mistaken += 1 }
        }
        let races = "\(rounds) races of \(notes.count) processes to create the same record"
        let detail =
            if doubled > 0 {
                "\(doubled) of \(races) had several winners, of whom all but one lose what they published"
            } else if unwon > 0 {
                "\(unwon) of \(races) had no winner"
            } else if mistaken > 0 {
                "after \(mistaken) of \(races) another record was read than the winner's"
            } else {
                "\(races): one winner in each, and all read what it wrote"
            }
        return [Guarantee("exclusive-create", holds: doubled + unwon + mistaken == 0, detail)]
    }

    private func key(_ round: Int) throws(StoreError) -> Key { try Key("race/\(round).json") }
}
