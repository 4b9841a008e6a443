import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// A feed of which one process is held up before its storage operation of a given number, in whichever root that is.
private struct HeldUp {
    let bench: Bench
    let clock = ManualClock()
    let free: Feed
    private let server: RootURL
    private let root: RootURL

    init(onBuckets: Bool) async throws {
        bench = try await Bench(onBuckets: onBuckets)
        server = bench.url
        root = try RootURL("/memory/feed")
        bench.opener.replace(root, with: MemoryStorage(clock: clock, movesAtomically: !onBuckets))
        free = try await bench.feed("npm", CollectTests.hasty, root: "/memory/feed")
    }

    /// Runs what a process does, and something else before its operation of that number.
    /// - Returns: whether there was an operation of that number.
    func run(
        holdingAt number: Int, _ work: (Feed) async throws -> Void, meanwhile: @escaping @Sendable () async -> Void
    ) async throws -> Bool {
        let steps = Mutex(-1)
        let isHeld = Mutex(false)
        let plan = FaultPlan { _, _, _ in
            guard
                steps.withLock({
                    $0 += 1; return $0
                }) == number
            else { return nil }
            isHeld.withLock { $0 = true }
            return .late(after: meanwhile)
        }
        for url in [server, root] {
            let inner = try #require(bench.opener[url])
            bench.opener.replace(url, with: FaultStorage(inner, plan: plan))
            inners.withLock { $0[url] = inner }
        }
        let held = try await bench.reopened().feed("npm")
        steps.withLock { $0 = -1 }
        defer { for url in [server, root] { bench.opener.replace(url, with: inners.withLock { $0[url] }) } }
        try await work(held)
        return isHeld.withLock { $0 }
    }

    private let inners = Inners()

    /// A blob that no record names, and that is old enough to be collected.
    func orphan(_ text: String) async throws -> Digest {
        let digest = try Digest(of: Array(text.utf8))
        _ = try await free.open().storage.writeObject(FeedLayout.blob(digest), ObjectSource(Array(text.utf8)))
        clock.advance(by: .seconds(1))
        return digest
    }

    func collect(_ feed: Feed) async throws {
        _ = try await CollectOperation(feed, .init(deletes: true, maximumPercent: 100, jobs: 1)) { _ in }.run()
    }

    /// Two collections, of which the second removes what the first retired.
    func collectTwice() async {
        for _ in 0..<2 {
            clock.advance(by: .seconds(301))
            try? await collect(free)
        }
    }

    private final class Inners: Sendable {
        private let storages = Mutex<[RootURL: any Storage]>([:])
        func withLock<Value: Sendable>(_ body: (inout [RootURL: any Storage]) -> Value) -> Value {
            var copy = storages.withLock { $0 }
            let value = body(&copy)
            let changed = copy
            storages.withLock { $0 = changed }
            return value
        }
    }
}

@Suite("The gate of a feed: who is held up before any operation, while others finish theirs, loses nothing")
struct GateTests {
    enum Way: CaseIterable { case push, tree }

    private static func publish(_ feed: Feed, _ way: Way) async throws {
        if way == .push {
            try await feed.publish("wanted", at: "a")
            return
        }
        let folder = TemporaryFolder()
        folder.write("a", Array("wanted".utf8))
        let options = PublishOperation.Options(PublicationDetails(by: "importer"), jobs: 1)
        let summary = try await PublishOperation(.tree(folder.path), into: feed, options) { _ in }.run()
        #expect(summary.failed == 0)
    }

    @Test("a publisher, while collectors remove its content", arguments: [false, true], Way.allCases)
    func publisher(onBuckets: Bool, _ way: Way) async throws {
        for number in 0..<200 {
            let bench = try await HeldUp(onBuckets: onBuckets)
            _ = try await bench.orphan("wanted")
            let wasHeld = try await bench.run(holdingAt: number) {
                try await Self.publish($0, way)
            } meanwhile: {
                await bench.collectTwice()
            }
            await bench.collectTwice()
            #expect(try await bench.free.text(at: "a") == "wanted", "held up at \(number)")
            #expect(try await bench.free.flaws() == [], "held up at \(number)")
            if !wasHeld { return }
        }
        Issue.record("the publisher had no end")
    }

    @Test("a collector, while others publish what it takes away", arguments: [false, true], [1, 301])
    func collector(onBuckets: Bool, _ seconds: Int) async throws {
        for number in 0..<200 {
            let bench = try await HeldUp(onBuckets: onBuckets)
            let digest = try await bench.orphan("wanted")
            let isPublished = Mutex(false)
            let wasHeld = try await bench.run(holdingAt: number) {
                try? await bench.collect($0)
            } meanwhile: {
                // Whoever meets a removal waits for half a minute, and then is told to try again.
                let marker = try? await bench.free.open().content.marker(digest)
                bench.clock.advance(by: .seconds(marker?.body.state == .deleting ? 301 : seconds))
                isPublished.withLock { $0 = true }
                await #expect(throws: Never.self) { try await bench.free.publish("wanted", at: "a") }
            }
            if isPublished.withLock({ $0 }) {
                #expect(try await bench.free.text(at: "a") == "wanted", "held up at \(number)")
                await bench.collectTwice()
                #expect(try await bench.free.text(at: "a") == "wanted", "held up at \(number)")
            }
            if !wasHeld { return }
        }
        Issue.record("the collector had no end")
    }

    @Test("a collector, while another collects and others publish", arguments: [false, true])
    func collectors(onBuckets: Bool) async throws {
        for number in 0..<200 {
            let bench = try await HeldUp(onBuckets: onBuckets)
            _ = try await bench.orphan("wanted")
            let isPublished = Mutex(false)
            let wasHeld = try await bench.run(holdingAt: number) {
                try? await bench.collect($0)
            } meanwhile: {
                await bench.collectTwice()
                isPublished.withLock { $0 = true }
                await #expect(throws: Never.self) { try await bench.free.publish("wanted", at: "a") }
            }
            await bench.collectTwice()
            if isPublished.withLock({ $0 }) {
                #expect(try await bench.free.text(at: "a") == "wanted", "held up at \(number)")
            }
            _ = try await bench.orphan("garbage")
            await bench.collectTwice()
            #expect(try await bench.free.record().presentGate.state == .idle, "held up at \(number)")
            if !wasHeld { return }
        }
        Issue.record("the collector had no end")
    }

    @Test("a repair that puts damaged content aside in a bucket, while others publish it anew")
    func repair() async throws {
        for number in 0..<200 {
            let bench = try await HeldUp(onBuckets: true)
            let digest = try Digest(of: Array("wanted".utf8))
            let blob = FeedLayout.blob(digest)
            _ = try await bench.free.open().storage.writeObject(blob, ObjectSource(Array("WANTED".utf8)))
            let isPublished = Mutex(false)
            let wasHeld = try await bench.run(holdingAt: number) { (feed) in
                _ = try? await feed.open().content.quarantine(digest, why: "damaged", by: "test")
            } meanwhile: {
                bench.clock.advance(by: .seconds(301))
                isPublished.withLock { $0 = true }
                await #expect(throws: Never.self) {
                    // Somebody heals it, and then it is published.
                    let storage = try await bench.free.open().storage
                    try await storage.removeObject(blob)
                    try await bench.free.publish("wanted", at: "a")
                }
            }
            if isPublished.withLock({ $0 }) {
                #expect(try await bench.free.text(at: "a") == "wanted", "held up at \(number)")
            }
            if !wasHeld { return }
        }
        Issue.record("the repair had no end")
    }
}

@Suite("The gate in a feed's record")
struct GateRecordTests {
    private func record(gate: CollectionGate? = nil) throws -> FeedRecord {
        var record = FeedRecord(try FeedName("npm"), id: "a", root: nil, FeedPolicy())
        record.gate = gate
        return record
    }

    @Test("without one it is idle; one of another root counts as active")
    func present() throws {
        #expect(try record().presentGate == CollectionGate(root: "a", version: 0, state: .idle))
        let foreign = CollectionGate(root: "b", version: 7, state: .idle)
        #expect(try record(gate: foreign).presentGate == CollectionGate(root: "a", version: 7, state: .active))
    }

    @Test("a publisher is undisturbed only where the gate was idle, and is the same")
    func undisturbed() throws {
        var opened = try record()
        opened.swapGate(to: .active)
        var closed = opened
        closed.swapGate(to: .idle)
        #expect(try record().isUndisturbed(at: record()))
        #expect(try !record().isUndisturbed(at: opened))
        #expect(try !record().isUndisturbed(at: closed))
        #expect(!opened.isUndisturbed(at: opened))
        #expect(closed.isUndisturbed(at: closed))
    }

    @Test("in another root it begins anew, as active unless nothing was ever condemned there")
    func moved() throws {
        for hasNoMarkers in [false, true] {
            var moved = try record()
            moved.change(to: .active, root: nil, id: "b", hasNoMarkers: hasNoMarkers)
            let expected = CollectionGate(root: "b", version: 1, state: hasNoMarkers ? .idle : .active)
            #expect(moved.presentGate == expected)
        }
        var held = try record()
        held.change(to: .migrating, root: nil, id: "a")
        #expect(held.gate == nil)
    }

    @Test("it is kept as the layout says")
    func layout() throws {
        var record = try record()
        record.swapGate(to: .active)
        let text = String(decoding: try Document(record).bytes(), as: UTF8.self)
        #expect(text.contains(#""gate":{"root":"a","state":"active","version":1}"#))
    }

    @Test(
        "a feed comes back to a bucket in which a blob was condemned once: its gate is active until the next collection"
    )
    func back() async throws {
        let bench = try await Bench(onBuckets: true)
        let feed = try await bench.feed("npm", CollectTests.hasty)
        try await feed.publish("kept", at: "a")
        let digest = try await feed.publish("gone", at: "b").digest
        let content = try await feed.open().content
        let condemned = try await content.swap(nil, digest, to: .condemned)
        try await MigrateTests.migrate(feed, to: "/memory/a")
        #expect(try await feed.record().presentGate.state == .idle)
        try await MigrateTests.migrate(feed, to: nil)
        #expect(try await feed.record().presentGate.state == .active)
        #expect(try await content.swap(condemned, digest, to: .deleting) == nil)
        _ = try await CollectOperation(feed, .init(deletes: true, maximumPercent: 100)) { _ in }.run()
        #expect(try await feed.record().presentGate.state == .idle)
    }

    @Test("a collector of a root that the feed has left opens no gate")
    func left() async throws {
        let bench = try await Bench(onBuckets: true)
        let feed = try await bench.feed("npm", CollectTests.hasty)
        let gate = FeedGate(try await feed.open())
        let held = try await gate.read()
        try await MigrateTests.migrate(feed, to: "/memory/a")
        #expect(try await gate.swap(held, to: .active) == nil)
        await expectError(.preconditionFailed) { _ = try await gate.takeOver() }
        try await MigrateTests.migrate(feed, to: nil)
        #expect(try await gate.swap(held, to: .active) == nil)
    }
}
