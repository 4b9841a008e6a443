import BlobStoreTesting
import Logging
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("What the decorators add")
struct DecoratorTests {
    private let object = "folder/object"

    @Test("a prefix leads into the folder, and nothing of it shows outside")
    func prefix() async throws {
        let memory = MemoryStorage()
        let inside = PrefixStorage(memory, prefix: try KeyPrefix("a/b/"))
        _ = try await inside.writeObject(try Key(object), ObjectSource([1, 2]))
        #expect(try await memory.statObject(try Key("a/b/" + object))?.size == 2)
        #expect(inside.address == "memory:/a/b")
        let long = try Key([String](repeating: String(repeating: "c", count: 204), count: 5).joined(separator: "/"))
        let error = await #expect(throws: StoreError.self) { try await inside.statObject(long) }
        #expect(error?.code == .invalidKey)
        let results = await inside.readRecords([try Key("x.json"), try Key("a.json")])
        #expect(results.count == 2)
    }

    @Test("a copy finds the object beneath any decorators on either side")
    func copies() async throws {
        let (left, right) = (MemoryStorage(), MemoryStorage())
        _ = try await left.writeObject(try Key("a/" + object), ObjectSource([1, 2, 3]))
        let source = ReadOnlyStorage(PrefixStorage(left, prefix: try KeyPrefix("a/")))
        let destination = FaultStorage(
            PrefixStorage(right, prefix: try KeyPrefix("b/")), plan: FaultPlan { _, _, _ in nil })
        #expect(try await destination.copyObject(from: source, try Key(object), to: try Key("copy")) == .created)
        #expect(try await right.statObject(try Key("b/copy"))?.size == 3)
    }

    @Test("what only some storages can do is found beneath any decorators, but for one that is there to prevent writes")
    func capabilities() async throws {
        let beneath = MemoryStorage(movesAtomically: false)
        let bucket = TokenBucket(bytesPerSecond: 1_000, clock: ManualClock())
        let stacked = ThrottledStorage(
            ObservingStorage(PrefixStorage(beneath, prefix: try KeyPrefix("a/")), logger: Logger(label: "test")),
            bucket: bucket)
        let found = try #require(try await stacked.capability((any FencedRemovals).self, at: try Key(object)))
        #expect(found.key.text == "a/" + object)
        #expect(found.storage as? MemoryStorage === beneath)
        #expect(try await stacked.capability((any LinkableObjects).self) == nil)
        #expect(try await ReadOnlyStorage(stacked).capability((any FencedRemovals).self) == nil)
    }

    @Test("a read-only storage reads, and refuses every change before it reaches the storage beneath")
    func readOnly() async throws {
        let memory = MemoryStorage()
        let (key, record) = (try Key(object), try Key("a.json"))
        _ = try await memory.writeObject(key, ObjectSource([1]))
        let version = try await memory.writeRecord(record, [1], expecting: .absent)
        let storage = ReadOnlyStorage(memory)
        let changes: [@Sendable () async throws -> Void] = [
            { _ = try await storage.writeObject(key, ObjectSource([1])) },
            { await (try storage.stageObject()).discard() },
            { _ = try await storage.refreshObject(key, size: 1) },
            { try await storage.moveObject(key, to: try Key("b")) },
            { _ = try await storage.copyObject(from: memory, key, to: try Key("b")) },
            { try await storage.removeObject(key) },
            { _ = try await storage.writeRecord(record, [2], expecting: .version(version)) },
            { try await storage.flushRecord(record) },
            { try await storage.removeRecord(record) },
            { try await storage.discardUpload(UploadInFlight(id: "x", size: 0, age: .zero)) },
        ]
        for change in changes {
            let error = await #expect(throws: StoreError.self) { try await change() }
            #expect(error?.code == .readOnly)
        }
        #expect(try await storage.statObject(key)?.size == 1)
        #expect(try await storage.readRecord(record)?.version == version)
        let entries: [ListEntry] = try await storage.list(ListRequest()).flattened()
        #expect(entries.count == 2)
    }

    @Test("a throttled storage lets no more through than its bucket, whatever the direction")
    func throttled() async throws {
        let clock = ManualClock()
        let bucket = TokenBucket(bytesPerSecond: 1_000, burstSeconds: 0, clock: clock)
        let storage = ThrottledStorage(MemoryStorage(), bucket: bucket)
        let start = clock.now
        _ = try await storage.writeObject(try Key("a"), ObjectSource([UInt8](repeating: 1, count: 5_000)))
        #expect(start.duration(to: clock.now) == .seconds(5))
        try await storage.withObject(try Key("a")) { content in for try await _ in content.chunks {} }
        #expect(start.duration(to: clock.now) == .seconds(10))
        let staged = try await storage.stageObject()
        try await staged.append([UInt8](repeating: 1, count: 2_000))
        _ = try await staged.commit(try Key("b"))
        #expect(start.duration(to: clock.now) == .seconds(12))
        _ = try await storage.writeRecord(try Key("r.json"), [UInt8](repeating: 1, count: 1_000), expecting: .absent)
        _ = try await storage.readRecord(try Key("r.json"))
        #expect(start.duration(to: clock.now) == .seconds(14))
    }

    @Test("an age is told by the clock that memory storage was given")
    func ages() async throws {
        let clock = ManualClock()
        let storage = MemoryStorage(clock: clock)
        _ = try await storage.writeObject(try Key("a"), ObjectSource([1]))
        try await clock.sleep(for: .seconds(86_400))
        #expect(try await storage.statObject(try Key("a"))?.age == .seconds(86_400))
        #expect(try await storage.refreshObject(try Key("a"), size: 1))
        #expect(try await storage.statObject(try Key("a"))?.age == .zero)
    }
}
