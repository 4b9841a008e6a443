import ObjectStorage

extension StorageConformance {
    static let records: [Check] = [
        Check("a record is created once", createdOnce),
        Check("a record is replaced only by who knows its version", replaced),
        Check("a record that is replaced often keeps only its last bytes", replacedOften),
        Check("a record of 1 MiB is kept, and a larger one refused", largest),
        Check("a batch of records is answered in order, whatever is missing", batch),
        Check("a flushed record is what it was", flushed),
        Check("a removed record is absent, its versions are void, and it can be created again", removedRecord),
    ]

    private static func createdOnce(_ subject: ConformanceSubject) async throws {
        for name in ["top.json", "a/b/deep.json", "odd !names-+@()[]{}.x.json"] {
            let key = try Key(name)
            try expect(try await subject.other.readRecord(key) == nil, "no record yet", found: "one")
            let version = try await subject.storage.writeRecord(key, content(200), expecting: .absent)
            try await subject.expectRecord(key, content(200), version: version)
            for node in subject.nodes {
                try await expectError(.preconditionFailed, from: "creating it again") {
                    try await node.writeRecord(key, content(201), expecting: .absent)
                }
            }
            try await subject.expectRecord(key, content(200), version: version)
        }
    }

    private static func replaced(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/record.json")
        let unknown = Record.Expectation.version(Record.Version(token: "no such version"))
        try await expectError(.preconditionFailed, .invalidArgument, from: "a version of an absent record") {
            try await subject.storage.writeRecord(key, content(1), expecting: unknown)
        }
        try expect(try await subject.other.readRecord(key) == nil, "no record", found: "one")
        let first = try await subject.storage.writeRecord(key, content(10), expecting: .absent)
        let second = try await subject.other.writeRecord(key, content(20), expecting: .version(first))
        try expect(first != second, "another version for another write", found: "\(second) twice")
        try await subject.expectRecord(key, content(20), version: second)
        for stale in [.version(first), .absent, unknown] as [Record.Expectation] {
            try await expectError(.preconditionFailed, .invalidArgument, from: "a write that expects \(stale)") {
                try await subject.storage.writeRecord(key, content(30), expecting: stale)
            }
            try await subject.expectRecord(key, content(20), version: second)
        }
        // The version that was read serves as well as the one that was returned.
        let read = try await subject.storage.readRecord(key)
        try expectEqual(read?.version, second, "the version read")
        let third = try await subject.storage.writeRecord(key, content(5), expecting: .version(second))
        try await subject.expectRecord(key, content(5), version: third)
        try expectEqual(try await subject.names(), [key.text], "the listing")
    }

    private static func replacedOften(_ subject: ConformanceSubject) async throws {
        let key = try Key("record.json")
        var version = try await subject.storage.writeRecord(key, [0, 0], expecting: .absent)
        for turn in 1...40 {
            let bytes = [UInt8(turn)] + content(turn)
            let next = try await subject.node(turn).writeRecord(key, bytes, expecting: .version(version))
            try await expectError(.preconditionFailed, from: "a stale write in turn \(turn)") {
                try await subject.storage.writeRecord(key, [9], expecting: .version(version))
            }
            try await subject.expectRecord(key, bytes, version: next)
            version = next
        }
        try expectEqual(try await subject.names(), [key.text], "the listing")
        try expectEqual(try await subject.names(isFlat: true), [key.text], "the flat listing")
    }

    private static func largest(_ subject: ConformanceSubject) async throws {
        let (key, other) = (try Key("record.json"), try Key("other.json"))
        let bytes = content(Record.maximumBytes)
        let version = try await subject.storage.writeRecord(key, bytes, expecting: .absent)
        try await subject.expectRecord(key, bytes, version: version)
        let tooLarge = content(Record.maximumBytes + 1)
        try await expectError(.invalidArgument, from: "a record over 1 MiB") {
            try await subject.storage.writeRecord(key, tooLarge, expecting: .version(version))
        }
        try await expectError(.invalidArgument, from: "a new record over 1 MiB") {
            try await subject.storage.writeRecord(other, tooLarge, expecting: .absent)
        }
        try await subject.expectRecord(key, bytes, version: version)
        try expectEqual(try await subject.names(), [key.text], "the listing")
    }

    private static func batch(_ subject: ConformanceSubject) async throws {
        var keys: [Key] = []
        for turn in 0..<40 {
            let key = try Key("folder-\(turn % 3)/record-\(turn).json")
            keys.append(key)
            if turn % 4 == 1 { continue }
            let version = try await subject.storage.writeRecord(key, content(turn + 1), expecting: .absent)
            if turn % 4 == 2 {
                _ = try await subject.storage.writeRecord(key, content(turn + 500), expecting: .version(version))
            }
        }
        keys.append(keys[0])
        let results = await subject.other.readRecords(keys)
        try expectEqual(results.count, keys.count, "the number of results")
        for (index, result) in results.enumerated() {
            let turn = index % 40
            let size: Int? = [turn + 1, nil, turn + 500, turn + 1][turn % 4]
            try expectEqual(try result.get()?.bytes, size.map { content($0) }, "the record \(keys[index])")
        }
        let none = await subject.other.readRecords([])
        try expect(none.isEmpty, "no result for no key", found: "\(none)")
    }

    private static func flushed(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/record.json")
        let first = try await subject.storage.writeRecord(key, content(10), expecting: .absent)
        try await subject.other.flushRecord(key)
        try await subject.expectRecord(key, content(10), version: first)
        let second = try await subject.storage.writeRecord(key, content(11), expecting: .version(first))
        try await subject.other.flushRecord(key)
        try await subject.expectRecord(key, content(11), version: second)
    }

    private static func removedRecord(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/record.json")
        try await subject.storage.removeRecord(key)
        for turn in 0..<3 {
            let first = try await subject.storage.writeRecord(key, content(10 + turn), expecting: .absent)
            var version = first
            for step in 0..<turn * 2 {
                version = try await subject.storage.writeRecord(
                    key, content(100 + 10 * turn + step), expecting: .version(version))
            }
            try await subject.other.removeRecord(key)
            for node in subject.nodes {
                try expect(try await node.readRecord(key) == nil, "no record after its removal", found: "one")
            }
            try expectEqual(try await subject.names(), [], "the listing")
            for stale in Set([first, version]) {
                try await expectError(.preconditionFailed, from: "a version of a removed record") {
                    try await subject.storage.writeRecord(key, content(99), expecting: .version(stale))
                }
            }
            try await subject.storage.removeRecord(key)
        }
    }
}
