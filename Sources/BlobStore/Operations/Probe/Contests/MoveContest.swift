/// All move something to the same name at once: one may get it, and the others keep what they have.
struct MoveContest: Contest {
    struct Note: Codable, Sendable {
        /// The storage does not move atomically, and the store does not ask it to.
        var isSpared = false
        /// By round.
        var won: [Bool] = []
        /// Rounds in which what was to be moved stands under neither name, or another's under the new one.
        var lost = 0
    }

    let rounds = 20
    let name = "move"
    let guarantees = ["exclusive-move"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Note {
        let storage = rendezvous.storage
        var note = Note()
        let participants = try await rendezvous.meet("begin")
        guard storage.capabilities.atomicMove else {
            note.isSpared = true
            return note
        }
        // Of another size each, so that whose it is shows.
        let size = 1 + (participants.firstIndex(of: rendezvous.me) ?? 0)
        let bytes = [UInt8](repeating: 0, count: size)
        for round in 0..<rounds {
            _ = try await storage.writeObject(try mine(round, rendezvous), ObjectSource(bytes))
        }
        try await rendezvous.meet("ready")
        for round in 0..<rounds {
            do throws(StoreError) {
                try await storage.moveObject(try mine(round, rendezvous), to: try goal(round))
                note.won.append(true)
            } catch  where error.code == .alreadyExists {
                note.won.append(false)
            }
        }
        try await rendezvous.meet("end")
        for round in 0..<rounds {
            let place = note.won[round] ? try goal(round) : try mine(round, rendezvous)
            if try await storage.statObject(place)?.size != Int64(size) { note.lost += 1 }
        }
        return note
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        if notes.contains(where: \.isSpared) { return [] }
        let unfair = (0..<rounds).count { round in notes.count { $0.won[round] } != 1 }
        let lost = notes.reduce(0) { $0 + $1.lost }
        let races = "\(rounds) races of \(notes.count) processes to move an object to the same name"
        let detail =
            if unfair > 0 {
                "\(unfair) of \(races) had not one winner"
            } else if lost > 0 {
                "\(races) lost \(lost) objects"
            } else {
                "\(races): one winner in each, and nothing was overwritten"
            }
        return [Guarantee("exclusive-move", holds: unfair + lost == 0, detail)]
    }

    private func mine(_ round: Int, _ rendezvous: Rendezvous) throws(StoreError) -> Key {
        try Key("move/\(rendezvous.me)/\(round)")
    }

    private func goal(_ round: Int) throws(StoreError) -> Key { try Key("move/goal-\(round)") }
}
