/// All move something to the same name at once: one may get it, and the others keep what they have.
struct MoveContest: Contest {
    struct Note: Codable, Sendable {
        var race: Race
        /// The storage does not move atomically, and the store does not ask it to.
        var isSpared = false
        /// Rounds in which a loser's own was gone.
        var lost = 0
    }

    let name = "move"
    let guarantees = ["exclusive-move"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Note {
        let storage = rendezvous.storage
        var note = Note(race: Race(by: rendezvous.me))
        let participants = try await rendezvous.meet("begin")
        guard storage.capabilities.atomicMove else {
            note.isSpared = true
            return note
        }
        // Of another size each, so that whose it is shows.
        let size = 1 + (participants.firstIndex(of: rendezvous.me) ?? 0)
        try await concurrently(8, 0..<Race.rounds) { (round) async throws(StoreError) in
            let bytes = [UInt8](repeating: 0, count: size)
            _ = try await storage.writeObject(try mine(round, rendezvous), ObjectSource(bytes))
        }
        try await rendezvous.meet("ready")
        try await note.race.run(losingWith: .alreadyExists) { (round) async throws(StoreError) in
            try await storage.moveObject(try mine(round, rendezvous), to: try goal(round))
        }
        try await rendezvous.meet("end")
        for round in 0..<Race.rounds {
            let found = try await storage.statObject(try goal(round)).map { Int($0.size) - 1 }
            let owner = found.flatMap { participants.indices.contains($0) ? participants[$0] : nil }
            note.race.seen.append(owner)
            if owner == rendezvous.me { continue }
            if try await storage.statObject(try mine(round, rendezvous)) == nil { note.lost += 1 }
        }
        return note
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        if notes.contains(where: \.isSpared) { return [] }
        let races = Race.judge(
            notes.map(\.race), "exclusive-move", "to move an object to the same name",
            harm: "of whom one overwrote the other's")
        let lost = notes.reduce(0) { $0 + $1.lost }
        guard races.holds == true, lost > 0 else { return [races] }
        return [
            Guarantee(
                races.name, holds: false, "of \(notes.count * Race.rounds) objects that were moved \(lost) were lost")
        ]
    }

    private func mine(_ round: Int, _ rendezvous: Rendezvous) throws(StoreError) -> Key {
        try Key("move/\(rendezvous.me)/\(round)")
    }

    private func goal(_ round: Int) throws(StoreError) -> Key { try Key("move/goal-\(round)") }
}
