import BlobFS
import BlobSystem
import ObjectStorage
import Testing

/// An operation that publishes or takes away, and how to tell what came of it.
struct Scenario: Sendable, CustomTestStringConvertible {
    let name: String
    /// What stands there before.
    let prepare: @Sendable (FileStorage) async throws -> Void
    let act: @Sendable (FileStorage) async throws -> Void
    /// Whether the old state is there, whole.
    let isOld: @Sendable (FileStorage) async throws -> Bool
    /// Whether the new state is there, whole.
    let isNew: @Sendable (FileStorage) async throws -> Bool

    var testDescription: String { name }
}

extension Scenario {
    static let all = [
        writing, staging, stagingLarge, creating, replacing, replacingOften, refreshing, moving, copying,
        removing, removingRecord, batchOfObjects, batchOfRecords,
    ]

    static let small = Array("some content".utf8)
    static let large = [UInt8](repeating: 7, count: 3 << 20)

    static func object(_ key: String, _ bytes: [UInt8]?) -> @Sendable (FileStorage) async throws -> Bool {
        { storage in
            guard let bytes else { return try await storage.statObject(Key(key)) == nil }
            guard try await storage.statObject(Key(key)) != nil else { return false }
            return try await storage.withObject(Key(key)) { content in
                var all: [UInt8] = []
                for try await chunk in content.chunks { all += chunk }
                return all == bytes
            }
        }
    }

    static func record(_ text: String?) -> @Sendable (FileStorage) async throws -> Bool {
        { storage in try await storage.readRecord(Key("records/r.json"))?.bytes == text.map { Array($0.utf8) } }
    }

    /// Replaces the record once more, whatever it holds.
    static func replace(_ storage: FileStorage, with text: String) async throws {
        let old = try await storage.readRecord(Key("records/r.json"))
        _ = try await storage.writeRecord(
            Key("records/r.json"), Array(text.utf8), expecting: old.map { .version($0.version) } ?? .absent)
    }

    static let nothing: @Sendable (FileStorage) async throws -> Void = { _ in }

    static let writing = Scenario(
        name: "write an object", prepare: nothing,
        act: { _ = try await $0.writeObject(Key("a/b/object"), ObjectSource(small)) },
        isOld: object("a/b/object", nil), isNew: object("a/b/object", small))

    static let staging = Scenario(
        name: "commit a staged object", prepare: nothing, act: { try await stage(small, $0) },
        isOld: object("a/b/object", nil), isNew: object("a/b/object", small))

    static let stagingLarge = Scenario(
        name: "commit a large staged object", prepare: nothing, act: { try await stage(large, $0) },
        isOld: object("a/b/object", nil), isNew: object("a/b/object", large))

    private static func stage(_ bytes: [UInt8], _ storage: FileStorage) async throws {
        let staged = try await storage.stageObject()
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            try await staged.append(Array(bytes[start..<min(start + 1 << 20, bytes.count)]))
        }
        _ = try await staged.commit(Key("a/b/object"))
    }

    static let creating = Scenario(
        name: "create a record", prepare: nothing,
        act: { try await replace($0, with: "one") }, isOld: record(nil), isNew: record("one"))

    static let replacing = Scenario(
        name: "replace a record", prepare: { try await replace($0, with: "one") },
        act: { try await replace($0, with: "two") }, isOld: record("one"), isNew: record("two"))

    static let replacingOften = Scenario(
        name: "replace a record and prune",
        prepare: { storage in for number in 1...9 { try await replace(storage, with: "\(number)") } },
        act: { try await replace($0, with: "ten") }, isOld: record("9"), isNew: record("ten"))

    static let refreshing = Scenario(
        name: "write an object that is there", prepare: writing.act, act: writing.act,
        isOld: object("a/b/object", small), isNew: object("a/b/object", small))

    static let moving = Scenario(
        name: "move an object", prepare: writing.act,
        act: { try await $0.moveObject(Key("a/b/object"), to: Key("c/d/object")) },
        // Between the two steps both names are there.
        isOld: object("a/b/object", small), isNew: object("c/d/object", small))

    static let copying = Scenario(
        name: "copy an object", prepare: writing.act,
        act: { _ = try await $0.copyObject(from: $0, Key("a/b/object"), to: Key("c/d/object")) },
        isOld: object("c/d/object", nil), isNew: object("c/d/object", small))

    static let removing = Scenario(
        name: "remove an object", prepare: writing.act, act: { try await $0.removeObject(Key("a/b/object")) },
        isOld: object("a/b/object", small), isNew: object("a/b/object", nil))

    static let removingRecord = Scenario(
        name: "remove a record", prepare: replacingOften.prepare,
        act: { try await $0.removeRecord(Key("records/r.json")) }, isOld: record("9"), isNew: record(nil))
}

// MARK: - Many at once

extension Scenario {
    /// Eight in three folders: as many as share a flush of the disk.
    private static func keys(_ kind: String) throws -> [Key] {
        try (0..<8).map { try Key("batch/\($0 % 3)/\($0)\(kind)") }
    }

    /// - Returns: what stands there of each.
    private static func contents(_ storage: FileStorage, _ kind: String) async throws -> [[UInt8]?] {
        var found: [[UInt8]?] = []
        for key in try keys(kind) {
            if key.isRecord {
                found.append(try await storage.readRecord(key)?.bytes)
            } else if try await storage.statObject(key) == nil {
                found.append(nil)
            } else {
                found.append(
                    try await storage.withObject(key) { try await $0.chunks.reduce(into: [UInt8]()) { $0 += $1 } })
            }
        }
        return found
    }

    /// Of a batch each may be there or not, and is whole where it is.
    private static func batch(
        _ name: String, _ kind: String, _ act: @escaping @Sendable (FileStorage, [Key]) async throws -> Void
    ) -> Scenario {
        Scenario(
            name: name, prepare: nothing, act: { try await act($0, keys(kind)) },
            isOld: { try await contents($0, kind).allSatisfy { $0 == nil || $0 == small } },
            isNew: { try await contents($0, kind).allSatisfy { $0 == small } })
    }

    static let batchOfObjects = batch("write a batch of objects", "") { storage, keys in
        for result in await storage.writeObjects(keys.map { ($0, small) }) { _ = try result.get() }
    }

    static let batchOfRecords = batch("create a batch of records", ".json") { storage, keys in
        let results = await storage.createRecords(keys.map { ($0, small) })
        for (key, result) in zip(keys, results) {
            do { _ = try result.get() } catch let error as StoreError where error.code == .preconditionFailed {
                // By an earlier try.
                guard try await storage.readRecord(key)?.bytes == small else { throw error }
                try await storage.flushRecord(key)
            }
        }
    }
}
