import BlobStore
import Logging
import Synchronization
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
        let fallback = FallbackStorage(MemoryStorage(), readingAlso: source)
        let destination = FaultStorage(
            PrefixStorage(right, prefix: try KeyPrefix("b/")), plan: FaultPlan { _, _, _ in nil })
        #expect(try await destination.copyObject(from: fallback, try Key(object), to: try Key("copy")) == .created)
        #expect(try await right.statObject(try Key("b/copy"))?.size == 3)
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

    @Test("a fallback shows what either storage has, once, and writes only to the first")
    func fallback() async throws {
        let (first, second) = (MemoryStorage(pageSize: 2), MemoryStorage(pageSize: 3))
        for name in ["a", "c", "d", "f/x"] { _ = try await first.writeObject(try Key(name), ObjectSource([1])) }
        for name in ["b", "c", "e", "f/x", "f/y"] {
            _ = try await second.writeObject(try Key(name), ObjectSource([2, 2]))
        }
        let both = FallbackStorage(first, readingAlso: second)
        var names: [String] = []
        for try await page in both.list(ListRequest()) {
            for case .key(let key, _) in page { names.append(key.text) }
        }
        #expect(names == ["a", "b", "c", "d", "e", "f/x", "f/y"])
        #expect(try await both.statObject(try Key("c"))?.size == 1)
        #expect(try await both.statObject(try Key("b"))?.size == 2)
        #expect(try await both.refreshObject(try Key("b"), size: 2) == false)
        let error = await #expect(throws: StoreError.self) { try await both.removeObject(try Key("b")) }
        #expect(error?.code == .readOnly)
        #expect(try await second.statObject(try Key("b")) != nil)
    }

    @Test("a record of the fallback is replaced in the first storage, by compare-and-swap all the same")
    func fallbackRecords() async throws {
        let (first, second) = (MemoryStorage(), MemoryStorage())
        let key = try Key("record.json")
        _ = try await second.writeRecord(key, [1], expecting: .absent)
        let both = FallbackStorage(first, readingAlso: second)
        await #expect(throws: StoreError.self) { try await both.writeRecord(key, [9], expecting: .absent) }
        let old = try #require(try await both.readRecord(key))
        let new = try await both.writeRecord(key, [2], expecting: .version(old.version))
        await #expect(throws: StoreError.self) {
            try await both.writeRecord(key, [3], expecting: .version(old.version))
        }
        #expect(try await both.readRecord(key) == Record(bytes: [2], version: new))
        #expect(try await second.readRecord(key)?.bytes == [1])
    }

    @Test("an error of the first storage is no reason to look into the second")
    func fallbackError() async throws {
        let (first, second) = (MemoryStorage(), MemoryStorage())
        _ = try await second.writeObject(try Key("a"), ObjectSource([1]))
        let down = FaultStorage(first, plan: .always(.statObject, .before(StoreError(.unavailable, "down"))))
        let error = await #expect(throws: StoreError.self) {
            try await FallbackStorage(down, readingAlso: second).statObject(try Key("a"))
        }
        #expect(error?.code == .unavailable)
    }

    @Test("a throttled storage lets no more through than its bucket, whatever the direction")
    func throttled() async throws {
        let clock = TestClock()
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
        let clock = TestClock()
        let storage = MemoryStorage(clock: clock)
        _ = try await storage.writeObject(try Key("a"), ObjectSource([1]))
        try await clock.sleep(for: .seconds(86_400))
        #expect(try await storage.statObject(try Key("a"))?.age == .seconds(86_400))
        #expect(try await storage.refreshObject(try Key("a"), size: 1))
        #expect(try await storage.statObject(try Key("a"))?.age == .zero)
    }
}

/// A clock that stands still but when somebody sleeps, who then wakes at once.
final class TestClock: Clock {
    struct Instant: InstantProtocol {
        var time: Duration
        func advanced(by duration: Duration) -> Instant { Instant(time: time + duration) }
        func duration(to other: Instant) -> Duration { other.time - time }
        static func < (left: Instant, right: Instant) -> Bool { left.time < right.time }
    }

    private let time = Mutex(Duration.zero)
    var now: Instant { Instant(time: time.withLock { $0 }) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        time.withLock { $0 = max($0, deadline.time) }
    }
}
