import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// Collecting where objects do not move atomically, as in a bucket.
@Suite struct CondemningTests {
    private func collect(_ feed: Feed) async throws -> CollectOperation.Summary {
        try await CollectOperation(feed, .init(deletes: true, maximumPercent: 100)) { _ in }.run()
    }

    private func orphan(_ text: String, in feed: Feed) async throws -> Digest {
        let digest = try Digest(of: Array(text.utf8))
        _ = try await feed.open().storage.writeObject(FeedLayout.blob(digest), ObjectSource(Array(text.utf8)))
        return digest
    }

    private func state(_ digest: Digest, in feed: Feed) async throws -> CollectionMarker.State? {
        try await feed.open().content.marker(digest)?.body.state
    }

    @Test("garbage is removed in one run, what records name stays, and the marker ends as none")
    func removes() async throws {
        let feed = try await Bench(onBuckets: true).feed("npm", CollectTests.hasty)
        let kept = try await feed.publish("kept", at: "a")
        let digest = try await orphan("garbage", in: feed)
        let summary = try await collect(feed)
        #expect(summary.candidates == 1 && summary.deleted == 1 && summary.retired == 0)
        #expect(try await feed.open().content.stat(digest) == nil)
        #expect(try await feed.open().content.stat(kept.digest) != nil)
        #expect(try await state(digest, in: feed) == CollectionMarker.State.none)
        #expect(try await feed.publish("garbage", at: "b").outcome == .created)
        #expect(try await feed.text(at: "b") == "garbage")
    }

    @Test("a publisher spares a condemned blob, and the collector who condemned it loses its swap")
    func spares() async throws {
        let feed = try await Bench(onBuckets: true).feed("npm", CollectTests.hasty)
        let digest = try await orphan("wanted", in: feed)
        let content = try await feed.open().content
        let condemned = try await content.swap(nil, digest, to: .condemned)
        _ = try await FeedGate(feed.open()).takeOver()
        try await feed.publish("wanted", at: "a")
        #expect(try await state(digest, in: feed) == CollectionMarker.State.none)
        #expect(try await content.swap(condemned, digest, to: .deleting) == nil)
        #expect(try await collect(feed).deleted == 0)
        #expect(try await feed.text(at: "a") == "wanted")
    }

    @Test("what a dead collector condemned is adopted; what one left deleting is settled once the fence is past")
    func dead() async throws {
        let clock = ManualClock()
        let storage = MemoryStorage(clock: clock, movesAtomically: false)
        let bench = try await Bench(onBuckets: true)
        bench.opener.replace(try RootURL("/memory/feed"), with: storage)
        let feed = try await bench.feed("npm", CollectTests.hasty, root: "/memory/feed")
        let first = try await orphan("one", in: feed)
        let second = try await orphan("two", in: feed)
        clock.advance(by: .seconds(1))
        let content = try await feed.open().content
        _ = try await content.swap(nil, first, to: .condemned)
        let condemned = try await content.swap(nil, second, to: .condemned)
        let late = try await storage.prepareRemoval(of: FeedLayout.blob(second))
        _ = try await content.swap(condemned, second, to: .deleting)
        #expect(try await collect(feed).deleted == 1)
        #expect(try await content.stat(second) != nil)
        clock.advance(by: .seconds(301))
        try await feed.publish("two", at: "a")
        #expect(try await state(second, in: feed) == CollectionMarker.State.none)
        await expectError(.unavailable) { try await late.run() }
        #expect(try await feed.text(at: "a") == "two")
    }

    @Test(
        "nothing is condemned or removed where removals that come too late are not refused, and the dry run still tells"
    )
    func unfenced() async throws {
        let clock = ManualClock()
        let storage = MemoryStorage(clock: clock, movesAtomically: false, fence: nil)
        let bench = try await Bench(onBuckets: true)
        bench.opener.replace(try RootURL("/memory/feed"), with: storage)
        let feed = try await bench.feed("npm", CollectTests.hasty, root: "/memory/feed")
        let digest = try await orphan("one", in: feed)
        clock.advance(by: .seconds(1))
        await expectError(.unsupported) { _ = try await collect(feed) }
        #expect(try await feed.open().content.stat(digest) != nil)
        #expect(try await state(digest, in: feed) == nil)
        let told = try await CollectOperation(feed, .init()) { _ in }.run()
        #expect(told.candidates == 1)
    }

    @Test("a removal that comes too late is counted and told, and the next collection does it")
    func failing() async throws {
        let clock = ManualClock()
        let storage = MemoryStorage(clock: clock, movesAtomically: false)
        let bench = try await Bench(onBuckets: true)
        // The collector is held up before it says that it removes the blob.
        let plan = FaultPlan.once(.writeRecord, at: 1, .late { clock.advance(by: .seconds(301)) })
        try bench.opener.replace(RootURL("/memory/feed"), with: storage)
        let feed = try await bench.feed("npm", CollectTests.hasty, root: "/memory/feed")
        let digest = try await orphan("one", in: feed)
        clock.advance(by: .seconds(1))
        try bench.opener.replace(RootURL("/memory/feed"), with: FaultStorage(storage, plan: plan))
        let failed = Collected<String>()
        let summary = try await CollectOperation(
            bench.reopened().feed("npm"), .init(deletes: true, maximumPercent: 100)
        ) { event in
            if case .failed(let key, _) = event { failed.add(key) }
        }.run()
        #expect(summary.failed == 1 && summary.deleted == 0)
        #expect(failed.all == [FeedLayout.blob(digest).text])
        #expect(try await state(digest, in: feed) == .deleting)
        clock.advance(by: .seconds(301))
        #expect(try await collect(feed).deleted == 1)
    }
}
