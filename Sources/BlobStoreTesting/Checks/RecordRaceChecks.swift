import ObjectStorage

extension StorageConformance {
    static let recordRaces: [Check] = [
        Check("of many who create one record exactly one wins, and no loser leaves a trace", creators),
        Check("of many who replace one version exactly one wins, and no loser leaves a trace", replacers),
        Check("no increment is lost among racing compare-and-swap loops", increments),
        Check("a reader never sees a record go back, nor a part of it", forward),
        Check("the history of a contended record is linearizable", linearizable),
    ]

    private static let racers = 12

    private static func creators(_ subject: ConformanceSubject) async throws {
        for round in 0..<4 {
            let key = try Key("folder-\(round)/record.json")
            try await oneWinner(subject, key, expecting: .absent, round)
        }
    }

    private static func replacers(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/record.json")
        _ = try await subject.storage.writeRecord(key, [255], expecting: .absent)
        for round in 0..<4 {
            guard let record = try await subject.storage.readRecord(key) else {
                throw ConformanceFailure(expected: "the record", found: "nothing")
            }
            try await oneWinner(subject, key, expecting: .version(record.version), round)
        }
    }

    private static func oneWinner(
        _ subject: ConformanceSubject, _ key: Key, expecting: Record.Expectation, _ round: Int
    ) async throws {
        let winners = try await race(racers) { racer in
            let bytes = content(1_000 + racer, seed: UInt64(round))
            let version = try await subject.node(racer).writeRecord(key, bytes, expecting: expecting)
            try await subject.expectRecord(key, bytes, version: version)
        } lost: {
            $0 == .preconditionFailed
        }
        try expectEqual(winners.count, 1, "the number of winners")
        for winner in winners { try await subject.expectRecord(key, content(1_000 + winner, seed: UInt64(round))) }
        try expectEqual(try await subject.names(key.folder), [key.text], "the listing")
        try expectEqual(try await subject.names(key.folder, isFlat: true), [key.text], "the flat listing")
        try await subject.expectNoUploads()
    }

    private static func increments(_ subject: ConformanceSubject) async throws {
        let key = try Key("counter.json")
        _ = try await subject.storage.writeRecord(key, Array("0 start".utf8), expecting: .absent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for racer in 0..<6 {
                group.addTask {
                    for step in 0..<5 { try await increment(subject.node(racer), at: key, by: "\(racer)-\(step)") }
                }
            }
            try await group.waitForAll()
        }
        try expectEqual(try await count(subject.other, key)?.value, 30, "the counter")
    }

    private static func forward(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/counter.json")
        _ = try await subject.storage.writeRecord(key, Array("0 start".utf8), expecting: .absent)
        let isDone = Signal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<3 {
                group.addTask {
                    var last = 0
                    while !isDone.isRaised {
                        guard let next = try await count(subject.node(reader), key)?.value else {
                            throw ConformanceFailure(expected: "the record to stay", found: "nothing")
                        }
                        try expect(next >= last, "\(last) or more", found: "\(next)")
                        last = next
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                defer { isDone.raise() }
                for step in 1...30 {
                    try await increment(subject.node(step), at: key, by: "w\(step)")
                    try expectEqual(try await count(subject.other, key)?.value, step, "what was just written")
                }
            }
            try await group.waitForAll()
        }
    }

    private static func linearizable(_ subject: ConformanceSubject) async throws {
        let key = try Key("register.json")
        let history = HistoryRecorder()
        await withTaskGroup(of: Void.self) { group in
            for racer in 0..<6 {
                group.addTask {
                    var client = RegisterClient(subject.node(racer), key, name: "client-\(racer)", history)
                    await client.run(operations: 12, seed: UInt64(racer))
                }
            }
        }
        let operations = history.operations
        try expect(operations.contains(where: \.isSuccessfulWrite), "some write to win", found: "none")
        if let flaw = RegisterChecker.flaw(in: operations) {
            throw ConformanceFailure(expected: "a linearizable history", found: flaw)
        }
    }

    /// Adds one by compare-and-swap, as often as it takes.
    private static func increment(_ storage: any Storage, at key: Key, by name: String) async throws {
        while true {
            guard let (value, record) = try await count(storage, key) else {
                throw ConformanceFailure(expected: "the counter", found: "nothing")
            }
            let bytes = Array("\(value + 1) \(name)".utf8)
            let outcome = await attempt {
                try await storage.writeRecord(key, bytes, expecting: .version(record.version))
            }
            if case .failure(let error as StoreError) = outcome, error.code == .preconditionFailed { continue }
            _ = try outcome.get()
            return
        }
    }

    private static func count(_ storage: any Storage, _ key: Key) async throws -> (value: Int, record: Record)? {
        guard let record = try await storage.readRecord(key) else { return nil }
        let text = String(decoding: record.bytes, as: UTF8.self)
        guard let value = Int(text.prefix { $0 != " " }) else {
            throw ConformanceFailure(expected: "a whole record", found: "\"\(text)\"")
        }
        return (value, record)
    }
}
