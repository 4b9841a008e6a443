/// All move the same objects at once, each to names of its own: of each, one may get it.
struct MoveWorkload: Workload {
    struct Note: Codable, Sendable {
        var race: Race
        /// The storage does not move atomically, and the store does not ask it to.
        var isSpared = false
    }

    let name = "move"
    let guarantees = ["exclusive-move"]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        let storage = barrier.storage
        var note = Note(race: Race(by: barrier.me))
        let participants = try await barrier.meet("begin")
        guard storage.capabilities.atomicMove else {
            note.isSpared = true
            return note
        }
        if participants.first == barrier.me {
            try await concurrently(8, 0..<Race.rounds) { (round) async throws(StoreError) in
                _ = try await storage.writeObject(try start(round), ObjectSource([UInt8](repeating: 0, count: 1)))
            }
        }
        try await barrier.meet("ready")
        try await note.race.run(losingWith: .notFound) { (round) async throws(StoreError) in
            try await storage.moveObject(try start(round), to: try goal(round, of: barrier.me))
        }
        try await barrier.meet("end")
        try await note.race.look { (round) async throws(StoreError) in
            var owners: [String] = []
            if try await storage.statObject(try start(round)) != nil { owners.append("its old name") }
            for participant in participants {
                if try await storage.statObject(try goal(round, of: participant)) != nil { owners.append(participant) }
            }
            return owners.count < 2 ? owners.first : owners.joined(separator: " and ")
        }
        return note
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        if notes.contains(where: \.isSpared) { return [] }
        return [
            Race.judge(
                notes.map(\.race), name: "exclusive-move", deed: "to move the same object",
                harm: "and each of them believes that it has the only copy")
        ]
    }

    private func start(_ round: Int) throws(StoreError) -> Key { try Key("move/start-\(round)") }

    private func goal(_ round: Int, of participant: String) throws(StoreError) -> Key {
        try Key("move/\(participant)/\(round)")
    }
}
