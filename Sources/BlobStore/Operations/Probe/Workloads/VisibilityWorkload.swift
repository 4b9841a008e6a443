/// One writes and says so; all others must see it at once.
struct VisibilityWorkload: Workload {
    /// How late others saw it, in seconds, one for each look; nil where it never showed.
    struct Note: Codable, Sendable {
        var created: [Double?] = []
        var replaced: [Double?] = []
        var objects: [Double?] = []
    }

    /// Something is looked for no longer than that.
    var timeout = Duration.seconds(30)
    let rounds = 8
    let name = "visibility"
    let guarantees = ["visible-create", "visible-replace", "visible-objects"]

    func takePart(_ barrier: Barrier) async throws(StoreError) -> Note {
        let participants = try await barrier.meet("begin")
        var note = Note()
        for round in 0..<rounds {
            if participants[round % participants.count] == barrier.me {
                try await write(round, barrier)
            } else {
                try await look(round, barrier: barrier, note: &note)
            }
        }
        return note
    }

    private func write(_ round: Int, _ barrier: Barrier) async throws(StoreError) {
        let storage = barrier.storage
        try await barrier.meet("\(round)-a")
        let stored = try await storage.create(try record(round), Claim(by: barrier.me, turn: 1))
        _ = try await storage.writeObject(try object(round), ObjectSource(Array("here".utf8)))
        try await barrier.meet("\(round)-b")
        try await barrier.meet("\(round)-c")
        _ = try await storage.replace(try record(round), stored, with: Claim(by: barrier.me, turn: 2))
        try await barrier.meet("\(round)-d")
    }

    private func look(_ round: Int, barrier: Barrier, note: inout Note) async throws(StoreError) {
        let storage = barrier.storage
        let (record, object) = (try record(round), try object(round))
        // A machine that has seen a name absent may go on believing it.
        _ = try await storage.readRecord(record)
        _ = try await storage.statObject(object)
        try await barrier.meet("\(round)-a")
        try await barrier.meet("\(round)-b")
        note.created.append(
            try await lateness { () async throws(StoreError) in try await storage.readRecord(record) != nil })
        note.objects.append(
            try await lateness { () async throws(StoreError) in try await storage.statObject(object)?.size == 4 })
        try await barrier.meet("\(round)-c")
        try await barrier.meet("\(round)-d")
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
        while clock.now - start < timeout {
            do { try await Task.sleep(for: .milliseconds(20)) } catch {
                throw StoreError(.cancelled, "cancelled while looking for what another wrote")
            }
            if try await isThere() { return (clock.now - start).inSeconds }
        }
        return nil
    }

    func judge(_ notes: [Note]) -> [Guarantee] {
        [
            judge("visible-create", thing: "a record that another had created", looks: notes.flatMap(\.created)),
            judge("visible-replace", thing: "a record that another had replaced", looks: notes.flatMap(\.replaced)),
            judge("visible-objects", thing: "an object that another had written", looks: notes.flatMap(\.objects)),
        ]
    }

    private func judge(_ name: String, thing: String, looks: [Double?]) -> Guarantee {
        if looks.isEmpty {
            return Guarantee(name, holds: nil, "could not be measured, because it takes two processes")
        }
        let late = looks.filter { $0 != 0 }
        if late.isEmpty {
            return Guarantee(name, holds: true, "\(looks.count) looks at \(thing): all saw it immediately")
        }
        let never = late.count { $0 == nil }
        let longest = late.compactMap { $0 }.max() ?? 0
        let how =
            never > 0
            ? "\(never) of them for more than \(timeout.components.seconds) s" : "up to \(oneDecimal(longest)) s late"
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
