import ObjectStorage

extension StorageConformance {
    static let moving: [Check] = [
        Check("an object that is moved stands only under its new name", moved),
        Check("moving never overwrites what stands there", neverOverwrites),
        Check("of racing movers of one object one wins, where moving is atomic", racingForOneObject),
    ]

    static let copying: [Check] = [
        Check("a copy without moving bytes is whole and young, or refused", copied),
        Check("a copy over another size is corrupt, and of what is absent not found", copyRefused),
    ]

    static let removing: [Check] = [
        Check("removing gives each key its result, and missing is a success", removed),
        Check("what was removed can be written again", writtenAgain),
    ]

    private static func moved(_ subject: ConformanceSubject) async throws {
        let (key, destination) = (try Key("folder/object"), try Key("elsewhere/deep/object"))
        let bytes = content((1 << 20) + 9)
        try await subject.write(key, bytes)
        try await subject.storage.moveObject(key, to: destination)
        try await subject.expectNoObject(key)
        try await subject.expectObject(destination, bytes)
        try await expectError(.notFound, from: "moving it a second time") {
            try await subject.storage.moveObject(key, to: try Key("third"))
        }
        try await subject.expectNoObject(try Key("third"))
        try await subject.other.moveObject(destination, to: key)
        try await subject.expectObject(key, bytes)
        try expectEqual(try await subject.names(), [key.text], "the listing")
    }

    private static func neverOverwrites(_ subject: ConformanceSubject) async throws {
        let (key, same, other) = (try Key("object"), try Key("same"), try Key("other"))
        try await subject.write(key, content(100))
        try await subject.write(same, content(100))
        try await subject.write(other, content(50, seed: 2))
        for destination in [same, other] {
            try await expectError(.alreadyExists, from: "moving over \(destination)") {
                try await subject.storage.moveObject(key, to: destination)
            }
        }
        try await subject.expectObject(key, content(100))
        try await subject.expectObject(same, content(100))
        try await subject.expectObject(other, content(50, seed: 2))
    }

    private static func racingForOneObject(_ subject: ConformanceSubject) async throws {
        guard subject.storage.capabilities.atomicMove else { return }
        let key = try Key("object")
        try await subject.write(key, content(1_000))
        let winners = try await race(6) { turn in
            try await subject.node(turn).moveObject(key, to: try Key("to/\(turn)"))
        } lost: {
            $0 == .notFound
        }
        try expectEqual(winners.count, 1, "the number of winners")
        for winner in winners { try await subject.expectObject(try Key("to/\(winner)"), content(1_000)) }
        try expectEqual(try await subject.names().count, 1, "the number of objects")
    }

    private static func copied(_ subject: ConformanceSubject) async throws {
        let (key, destination) = (try Key("folder/object"), try Key("copies/deep/object"))
        let bytes = content((1 << 20) + 4)
        try await subject.write(key, bytes)
        try await subject.waitUntilAged(key)
        guard try await subject.copy(key, to: destination, expecting: .created) else {
            return try await subject.expectNoObject(destination)
        }
        try await subject.expectObject(key, bytes)
        try await subject.expectObject(destination, bytes)
        let late = try Key("late")
        try await subject.write(late, content(1))
        try await subject.waitUntilAged(late)
        _ = try await subject.copy(key, to: destination, expecting: .present)
        try await subject.expectYounger(destination, than: late)
        // The two names are independent of each other.
        try await subject.storage.removeObject(key)
        try await subject.expectObject(destination, bytes)
    }

    private static func copyRefused(_ subject: ConformanceSubject) async throws {
        let (key, destination) = (try Key("object"), try Key("other"))
        try await subject.write(key, content(100))
        try await subject.write(destination, content(101, seed: 2))
        try await expectError(.corrupt, .unsupported, from: "copying over another size") {
            try await subject.storage.copyObject(from: subject.other, key, to: destination)
        }
        try await subject.expectObject(destination, content(101, seed: 2))
        let absent = try Key("absent")
        try await expectError(.notFound, .unsupported, from: "copying what is absent") {
            try await subject.storage.copyObject(from: subject.other, absent, to: try Key("free"))
        }
        try await subject.expectNoObject(try Key("free"))
    }

    private static func removed(_ subject: ConformanceSubject) async throws {
        let keys = try (0..<5).map { try Key("folder/object-\($0)") }
        for key in keys[0..<4] { try await subject.write(key, content(10)) }
        let missing = [try Key("no/such/folder/object"), try Key("folder/missing")]
        let wanted = [keys[0], missing[0], keys[1], missing[1], keys[4], keys[0]]
        let results = try await subject.storage.removeObjects(wanted)
        try expectEqual(results.count, wanted.count, "the number of results")
        for result in results { try result.get() }
        try await subject.expectNoObject(keys[0])
        try await subject.expectNoObject(keys[1])
        try expectEqual(try await subject.names(), [keys[2].text, keys[3].text], "the listing")
        let nothing = try await subject.storage.removeObjects([])
        try expect(nothing.isEmpty, "no result for no key", found: "\(nothing)")
    }

    private static func writtenAgain(_ subject: ConformanceSubject) async throws {
        let key = try Key("folder/object")
        for turn in 1..<4 {
            try expectEqual(try await subject.write(key, content(turn)), .created, "write \(turn)")
            try await subject.expectObject(key, content(turn))
            try await subject.other.removeObject(key)
            try await subject.expectNoObject(key)
        }
        try expectEqual(try await subject.names(), [], "the listing")
    }

    /// Lets so many race; the numbers of those who succeed. Who fails must fail with a code of a loser.
    static func race(
        _ racers: Int, _ work: @escaping @Sendable (Int) async throws -> Void,
        lost: @escaping @Sendable (StoreError.Code) -> Bool
    ) async throws -> [Int] {
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for racer in 0..<racers {
                group.addTask {
                    do { try await work(racer) } catch let error as StoreError where lost(error.code) { return nil }
                    return racer
                }
            }
            var winners: [Int] = []
            for try await case let winner? in group { winners.append(winner) }
            return winners
        }
    }
}

extension ConformanceSubject {
    /// Copies, and fails at another outcome; false where the storage refuses to copy.
    fileprivate func copy(_ key: Key, to destination: Key, expecting expected: CommitOutcome) async throws -> Bool {
        do {
            let outcome = try await storage.copyObject(from: other, key, to: destination)
            try expectEqual(outcome, expected, "the outcome of the copy")
            return true
        } catch let error as StoreError where error.code == .unsupported {
            try expect(!storage.capabilities.copyWithoutBytes, "a copy, as the capabilities say", found: "\(error)")
            return false
        }
    }
}
