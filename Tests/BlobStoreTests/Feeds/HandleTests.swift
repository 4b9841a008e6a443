import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// Which records are read in a storage.
private final class Reads: Sendable {
    private let keys = Mutex<[String]>([])
    private let hook = Mutex<(@Sendable () async -> Void)?>(nil)

    var all: [String] { keys.withLock { $0 } }
    func reset() { keys.withLock { $0 = [] } }

    /// Done once, before the next record is read.
    func beforeNext(_ work: @escaping @Sendable () async -> Void) { hook.withLock { $0 = work } }

    var plan: FaultPlan {
        FaultPlan { operation, key, _ in
            if operation == .readRecords || operation == .statObject || operation == .readObject {
                self.keys.withLock { $0.append(key ?? "") }
            }
            guard operation == .readRecords, let work = self.hook.withLock({ $0.take() }) else { return nil }
            return .late(after: work)
        }
    }
}

/// A store whose reads are counted, and another process that writes.
private struct HandleBench {
    let bench: Bench
    let clock = ManualClock()
    let reads = Reads()
    let others: Feed
    let handles: FeedHandles
    let store: PackageStore
    let opener = MemoryOpener()

    init(_ policy: FeedPolicy = FeedPolicy(), _ caching: FeedCaching = FeedCaching()) async throws {
        bench = try await Bench()
        others = try await bench.feed("npm", policy, root: "/memory/npm")
        try await others.publish("one", at: "a")
        for place in [bench.url, try RootURL("/memory/npm")] {
            let base = try #require(bench.opener[place])
            opener.replace(place, with: FaultStorage(base, plan: reads.plan))
        }
        store = try await PackageStore.open(bench.url, node: NodeName("reader"), with: opener)
        handles = FeedHandles(store, caching, clock: clock)
        _ = try await handles.feed(FeedName("npm"))
        reads.reset()
    }

    func text(at path: String) async throws -> String? {
        guard let package = try await handles.package(at: PackagePath(path), in: FeedName("npm")) else { return nil }
        return try await package.withContent { try await $0.chunks.text() }
    }
}

extension AsyncPull<[UInt8]> {
    fileprivate func text() async throws -> String {
        var bytes: [UInt8] = []
        for try await chunk in self { bytes += chunk }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite("Handles of feeds") struct HandleTests {
    private static let catalog = "catalog/npm.json"
    private static let record = "packages/a.json"

    @Test("a look at a feed and a package in one call reads the catalog once and the record once")
    func oneCall() async throws {
        let bench = try await HandleBench()
        #expect(try await bench.store.package(at: PackagePath("a"), in: FeedName("npm"))?.size == 3)
        #expect(bench.reads.all.filter { $0 == Self.catalog }.count == 1)
        #expect(bench.reads.all.filter { $0 == Self.record }.count == 1)
    }

    @Test("within the bound neither the catalog nor an immutable feed's record is read again, after it both are, once")
    func bound() async throws {
        let bench = try await HandleBench()
        for _ in 0..<3 { #expect(try await bench.text(at: "a") == "one") }
        #expect(bench.reads.all.filter { $0.hasSuffix(".json") } == [Self.record])
        bench.clock.advance(by: .seconds(2))
        bench.reads.reset()
        for _ in 0..<3 { #expect(try await bench.text(at: "a") == "one") }
        #expect(bench.reads.all.filter { $0.hasSuffix(".json") } == [Self.catalog, Self.record])
    }

    @Test("of a mutable feed each look reads the record, so that a replacement shows at once")
    func mutable() async throws {
        let bench = try await HandleBench(FeedPolicy(mutable: true))
        #expect(try await bench.text(at: "a") == "one")
        try await bench.others.publish("two", at: "a")
        #expect(try await bench.text(at: "a") == "two")
        #expect(bench.reads.all.filter { $0.hasSuffix(".json") } == [Self.record, Self.record])
    }

    @Test("what was absent is found as soon as another has published it, and a deletion shows after the bound")
    func positiveOnly() async throws {
        let bench = try await HandleBench()
        #expect(try await bench.text(at: "b") == nil)
        try await bench.others.publish("b", at: "b")
        #expect(try await bench.text(at: "b") == "b")
        try await bench.others.remove(PackagePath("b"), by: "bob")
        #expect(try await bench.text(at: "b") == "b")
        bench.clock.advance(by: .seconds(2))
        let handle = try await bench.handles.feed(FeedName("npm"))
        guard case .deleted(let act) = try await handle.lookUp(PackagePath("b")) else {
            throw StoreError(.failed, "it is not told to be deleted")
        }
        #expect(act.by == "bob")
        guard case .absent = try await handle.lookUp(PackagePath("never")) else {
            throw StoreError(.failed, "it is not told to be absent")
        }
        try await bench.others.restore(PackagePath("b"), by: "bob")
        #expect(try await bench.text(at: "b") == "b")
    }

    @Test("what this process deletes by way of the handle is gone for it at once, also for who was just reading it")
    func ownWrites() async throws {
        let bench = try await HandleBench()
        let handle = try await bench.handles.feed(FeedName("npm"))
        #expect(try await handle.package(at: PackagePath("a")) != nil)
        #expect(
            try await handle.write(at: PackagePath("a")) { (feed) async throws(StoreError) in
                try await feed.remove(PackagePath("a"), by: "bob")
            })
        #expect(try await handle.package(at: PackagePath("a")) == nil)
    }

    @Test("a package that was published in the feed's new root is found at once by who knows the old one")
    func moved() async throws {
        let bench = try await HandleBench()
        #expect(try await bench.text(at: "a") == "one")
        let next = try RootURL("/memory/next")
        _ = try await MigrateOperation(bench.others, .init(by: "mover")) { _ in }.run(to: next)
        bench.opener.replace(next, with: bench.bench.opener[next])
        try await bench.others.publish("new", at: "new")
        #expect(try await bench.text(at: "new") == "new")
        #expect(try await bench.text(at: "a") == "one")
    }

    @Test("a package whose content went with the feed's old root is read from the new one")
    func sourceDeleted() async throws {
        let bench = try await HandleBench()
        let package = try #require(try await bench.handles.package(at: PackagePath("a"), in: FeedName("npm")))
        let next = try RootURL("/memory/next")
        let migration = MigrateOperation(bench.others, .init(by: "mover")) { _ in }
        _ = try await migration.run(to: next)
        _ = try await migration.deleteSource()
        bench.opener.replace(next, with: bench.bench.opener[next])
        #expect(try await package.withContent { try await $0.chunks.text() } == "one")
    }

    @Test("a hundred equal looks at the same time are one")
    func singleFlight() async throws {
        let bench = try await HandleBench()
        let handle = try await bench.handles.feed(FeedName("npm"))
        let gate = Gate()
        bench.reads.beforeNext { await gate.wait() }
        try await withThrowingTaskGroup(of: Int64?.self) { group in
            for _ in 0..<100 { group.addTask { try await handle.package(at: PackagePath("a"))?.size } }
            while bench.reads.all.isEmpty { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            gate.open()
            for try await size in group { #expect(size == 3) }
        }
        #expect(bench.reads.all.filter { $0 == Self.record } == [Self.record])
    }

    @Test("who looks while another's look is under way that began before a publication finds what was published")
    func lateLook() async throws {
        let bench = try await HandleBench(FeedPolicy(mutable: true))
        let handle = try await bench.handles.feed(FeedName("npm"))
        let flights = SingleFlight<String, Int>()
        let (first, second) = (Gate(), Gate())
        let old = Task {
            try await flights.value(of: "k", accepting: { _ in true }) { () async throws(StoreError) in
                second.open()
                await first.wait()
                return 1
            }
        }
        await second.wait()
        let late = Task {
            try await flights.value(of: "k", accepting: { _ in false }) { () async throws(StoreError) in 2 }
        }
        let same = Task {
            try await flights.value(of: "k", accepting: { _ in true }) { () async throws(StoreError) in 3 }
        }
        for _ in 0..<100 { await Task.yield() }
        first.open()
        #expect(try await old.value == 1)
        #expect(try await late.value == 2)
        #expect([1, 2, 3].contains(try await same.value))
        #expect(try await handle.package(at: PackagePath("a"))?.size == 3)
    }

    @Test("who is cancelled while another looks is told so, and a leader's cancellation is nobody else's")
    func cancelled() async throws {
        let flights = SingleFlight<String, Int>()
        let (begun, gate) = (Gate(), Gate())
        let leader = Task {
            try await flights.value(of: "k", accepting: { _ in true }) { () async throws(StoreError) in
                begun.open()
                await gate.wait()
                throw StoreError(.cancelled, "the leader was cancelled")
            }
        }
        await begun.wait()
        let follower = Task {
            try await flights.value(of: "k", accepting: { _ in true }) { () async throws(StoreError) in 2 }
        }
        let impatient = Task {
            try await flights.value(of: "k", accepting: { _ in true }) { () async throws(StoreError) in 3 }
        }
        for _ in 0..<100 { await Task.yield() }
        impatient.cancel()
        await expectError(.cancelled) { try await impatient.value }
        gate.open()
        await expectError(.cancelled) { try await leader.value }
        #expect(try await follower.value == 2)
    }

    @Test("small contents are read once and kept within a bound; damage is never kept")
    func keptContents() async throws {
        let bench = try await HandleBench(FeedPolicy(), FeedCaching(contentBytes: 8))
        for _ in 0..<3 { #expect(try await bench.text(at: "a") == "one") }
        #expect(bench.reads.all.filter { $0.hasPrefix("blobs/") }.count == 1)
        let package = try #require(try await bench.handles.package(at: PackagePath("a"), in: FeedName("npm")))
        #expect(try await package.withContent(1..<9) { try await $0.chunks.text() } == "ne")
        await expectError(.invalidArgument) { try await package.withContent(4..<5) { $0.range } }
        for name in ["b", "c", "d", "e"] {
            try await bench.others.publish(name + name, at: name)
            #expect(try await bench.text(at: name) == name + name)
            #expect(bench.handles.keptBytes <= 8)
        }
        let done = try await bench.others.publish("good", at: "z")
        try await bench.bench.storage(bench.others).spoil(done.digest, Array("evil".utf8))
        for _ in 0..<2 { await expectError(.corrupt) { try await bench.text(at: "z") } }
    }

    @Test("a feed that is not there is not remembered, and one that is made later is found")
    func absentFeed() async throws {
        let bench = try await HandleBench()
        await expectError(.notFound) { try await bench.handles.feed(FeedName("later")) }
        _ = try await bench.store.createFeed(FeedName("later"))
        #expect(try await bench.handles.package(at: PackagePath("a"), in: FeedName("later")) == nil)
    }

    @Test("content is opened by its digest, and a feed says of what it does not have that there is none")
    func byDigest() async throws {
        let bench = try await HandleBench()
        let handle = try await bench.handles.feed(FeedName("npm"))
        let digest = try Digest(of: Array("one".utf8))
        let found = try #require(try await handle.content(digest))
        #expect(found.size == 3)
        #expect(
            try await found.read { (content) async throws(StoreError) in
                var bytes: [UInt8] = []
                for try await chunk in content.chunks { bytes += chunk }
                return bytes
            } == Array("one".utf8))
        #expect(try await handle.content(Digest(of: [1])) == nil)
        #expect(try await bench.others.content(digest)?.size == 3)
        let storage = try await bench.bench.storage(bench.others)
        try await storage.moveObject(FeedLayout.blob(digest), to: FeedLayout.retired(digest))
        #expect(try await handle.content(digest)?.size == 3, "a collector has just retired it")
    }

    @Test("content that is gone is told from a package that is not there")
    func contentGone() async throws {
        let bench = try await HandleBench()
        let package = try #require(try await bench.handles.package(at: PackagePath("a"), in: FeedName("npm")))
        #expect(try await package.isContentThere())
        try await bench.bench.storage(bench.others).removeObject(FeedLayout.blob(package.digest))
        #expect(try await !package.isContentThere())
        do {
            _ = try await package.withContent { $0.range }
            Issue.record("there was content")
        } catch let error as StoreError {
            #expect(error.code == .notFound && error.isContentGone && !error.isStagingLost)
        }
        do { try await bench.others.remove(PackagePath("never"), by: "bob") } catch {
            #expect(error.code == .notFound && !error.isContentGone)
        }
    }

    @Test(
        "a small package is known without waiting from when it was read until the bound is over or this process writes")
    func known() async throws {
        let bench = try await HandleBench(FeedPolicy(), FeedCaching(contentBytes: 1 << 20))
        let (path, feed) = (try PackagePath("a"), try FeedName("npm"))
        #expect(bench.handles.known(path, in: feed)?.bytes == nil)
        for _ in 0..<2 {
            #expect(try await bench.text(at: "a") == "one")
            bench.reads.reset()
            let known = try #require(bench.handles.known(path, in: feed))
            #expect(known.bytes == Array("one".utf8))
            #expect(known.record.path == path)
            bench.clock.advance(by: .seconds(2))
            #expect(bench.handles.known(path, in: feed)?.bytes == nil)
            #expect(bench.reads.all == [])
        }
        #expect(try await bench.text(at: "a") == "one")
        let handle = try await bench.handles.feed(feed)
        _ = try await handle.write(at: path) { (feed) async throws(StoreError) in
            try await feed.remove(path, by: "bob")
        }
        #expect(bench.handles.known(path, in: feed)?.bytes == nil)
    }

    @Test("what may be replaced is never known without a look")
    func knownMutable() async throws {
        let bench = try await HandleBench(FeedPolicy(mutable: true), FeedCaching(contentBytes: 1 << 20))
        #expect(try await bench.text(at: "a") == "one")
        #expect(bench.handles.known(try PackagePath("a"), in: try FeedName("npm"))?.bytes == nil)
    }

    @Test("what is kept costs no more than the bound, and what was asked for lately stays")
    func boundedCache() {
        var cache = BoundedCache<Int, Int>(bound: 10)
        for number in 0..<100 {
            cache.insert(number, number, cost: 2)
            #expect(cache.value(0) == 0, "it is asked for again and again")
            #expect(cache.cost <= 10)
        }
        #expect(cache.value(1) == nil)
        cache.insert(0, 0, cost: 6)
        #expect(cache.value(0) == nil, "it is too large")
        cache.remove(99)
        #expect(cache.value(99) == nil)
    }
}
