/// One writes and says so; all others must see it at once.
struct VisibilityContest: Contest {
    /// How late others saw it, in seconds, one for each look; nil where it never showed.
    struct Note: Codable, Sendable {
        var created: [Double?] = []
        var replaced: [Double?] = []
        var objects: [Double?] = []
    }

    /// Something is looked for no longer than that.
    var patience = Duration.seconds(30)
    let rounds = 8
    let name = "visibility"
    let guarantees = ["visible-create", "visible-replace", "visible-objects"]

    func takePart(_ rendezvous: Rendezvous) async throws(StoreError) -> Note {
        let participants = try await rendezvous.meet("begin")
        var note = Note()
        for round in 0..<rounds {
            if participants[round % participants.count] == rendezvous.me {
                try await write(round, rendezvous)
            } else {
                try await look(round, rendezvous, &note)
            }
        }
        return note
    }

    private func write(_ round: Int, _ rendezvous: Rendezvous) async throws(StoreError) {
        let storage = rendezvous.storage
        try await rendezvous.meet("\(round)-a")
        let stored = try await storage.create(try record(round), Claim(by: rendezvous.me, turn: 1))
        _ = try await storage.writeObject(try object(round), ObjectSource(Array("here".utf8)))
        try await rendezvous.meet("\(round)-b")
        try await rendezvous.meet("\(round)-c")
        _ = try await storage.replace(try record(round), stored, with: Claim(by: rendezvous.me, turn: 2))
        try await rendezvous.meet("\(round)-d")
    }

    private func look(_ round: Int, _ rendezvous: Rendezvous, _ note: inout Note) async throws(StoreError) {
        let storage = rendezvous.storage
        let (record, object) = (try record(round), try object(round))
        // A machine that has seen a name absent may go on believing it.
        _ = try await storage.readRecord(record)
        _ = try await storage.statObject(object)
        try await rendezvous.meet("\(round)-a")
        try await rendezvous.meet("\(round)-b")
        note.created.append(
            try await lateness { () async throws(StoreError) in try await storage.readRecord(record) != nil })
        note.objects.append(
            try await lateness { () async throws(StoreError) in try await storage.statObject(object)?.size == 4 })
        try await rendezvous.meet("\(round)-c")
        try await rendezvous.meet("\(round)-d")
        note.replaced.append(
            try await lateness { () async throws(StoreError) in
                try await storage.document(record, as: Claim.self)?.body.turn == 2
            })
    }

    /// Seconds until something shows: 0 where the first look finds it.
    private func lateness(_ isThere: () async throws(StoreError) -> Bool) async throws(StoreError) -> Double? {
        if try await isThere() { return 0 }
        let clock = ContinuousClock()
        let start = clock.now
        while clock.now - start < patience {
            do { try await Task.sleep(for: .milliseconds(20)) } catch {
                throw StoreError(.cancelled, "cancelled while looking for what another wrote")
            }
            if try await isThere() { return (clock.now - start).inSeconds }
        }
        return nil
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        [
            judge("visible-create", "a record that another had created", notes.flatMap(\.created)),
            judge("visible-replace", "a record that another had replaced", notes.flatMap(\.replaced)),
            judge("visible-objects", "an object that another had written", notes.flatMap(\.objects)),
        ]
    }

    private func judge(_ name: String, _ thing: String, _ looks: [Double?]) -> Guarantee {
        if looks.isEmpty {
            return Guarantee(name, holds: nil, "could not be measured: it takes two processes")
        }
        let late = looks.filter { $0 != 0 }
        if late.isEmpty { return Guarantee(name, holds: true, "\(looks.count) looks at \(thing): all saw it at once") }
        let never = late.count { $0 == nil }
        let longest = late.compactMap { $0 }.max() ?? 0
        let how =
            never > 0
            ? "\(never) of them not within \(patience.components.seconds) s" : "up to \(oneDecimal(longest)) s late"
        return Guarantee(
            name, holds: false, "\(late.count) of \(looks.count) looks at \(thing) saw the old state, \(how)")
    }

    private func record(_ round: Int) throws(StoreError) -> Key { try Key("seen/\(round).json") }
    private func object(_ round: Int) throws(StoreError) -> Key { try Key("seen/\(round)") }
}

/// E.g. `12.3`.
func oneDecimal(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
