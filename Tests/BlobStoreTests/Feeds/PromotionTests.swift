import BlobBackends
import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("Promoting")
struct PromotionTests {
    @Test("damaged content is refused, and does not spread", arguments: [false, true])
    func damaged(onBuckets: Bool) async throws {
        let bench = try await Bench(onBuckets: onBuckets)
        let (feed, other) = (try await bench.feed(), try await bench.feed("prod"))
        let done = try await feed.publish("one", at: "a")
        try await bench.storage(feed).spoil(done.digest, Array("ONE".utf8))
        await expectError(.corrupt) { try await feed.promote(PackagePath("a"), to: other, by: "bob") }
        #expect(try await other.listing() == [])
        #expect(try await bench.storage(other).names(FeedLayout.blobs) == [])
    }

    @Test("content that the other feed has already, and damaged, is set aside there and brought anew")
    func damagedThere() async throws {
        let bench = try await Bench()
        let (feed, other) = (try await bench.feed(), try await bench.feed("prod"))
        let done = try await feed.publish("one", at: "a")
        try await other.publish("one", at: "a")
        try await bench.storage(other).spoil(done.digest, Array("ONE".utf8))
        #expect(try await feed.promote(PackagePath("a"), to: other, by: "bob").outcome == .healed)
        #expect(try await other.text(at: "a") == "one")
    }

    @Test("content is read, unless the ledger knows that it was verified lately; the answer says which")
    func ledger() async throws {
        let clock = ManualClock()
        let bench = try await Bench()
        let inner = MemoryStorage(address: "/memory/npm", clock: clock)
        let counting = FaultStorage(inner, plan: FaultPlan { _, _, _ in nil })
        try bench.opener.replace(RootURL("/memory/npm"), with: counting)
        let (feed, other) = (try await bench.feed("npm", root: "/memory/npm"), try await bench.feed("prod"))
        try await feed.publish("one", at: "a")
        try await feed.publish("two", at: "b")
        #expect(try await feed.promote(PackagePath("b"), to: other, by: "bob").verified == .now)
        clock.advance(by: .seconds(3_600))
        #expect(try await feed.flaws() == [])
        let reads = counting.count(of: .readObject)
        guard case .earlier = try await feed.promote(PackagePath("a"), to: other, by: "bob").verified else {
            Issue.record("it was read again")
            return
        }
        #expect(counting.count(of: .readObject) == reads)
    }

    @Test("feeds that share a file have one copy: both are found damaged, and neither is mended from the other")
    func sharedFile() async throws {
        let folder = TemporaryFolder()
        let url = try RootURL(folder.path + "/root")
        let store = try await PackageStore.create(url, node: NodeName("n"), with: Backends(threads: 4)).store
        for name in ["npm", "prod"] { _ = try await store.createFeed(FeedName(name)) }
        let (feed, other) = (try await store.feed("npm"), try await store.feed("prod"))
        let done = try await feed.publish("one", at: "a")
        #expect(try await feed.promote(PackagePath("a"), to: other, by: "bob").verified == .now)
        let blob = FeedLayout.blob(done.digest)
        folder.write("root/feeds/npm/\(blob)", Array("ONE".utf8))
        #expect(try await feed.flaws() == ["corrupt-blob \(blob)"])
        #expect(try await other.flaws() == ["corrupt-blob \(blob)"], "it is the same file")
        let summary = try await RepairOperation(other, .init(by: "bob")) { _ in }.run()
        #expect(summary.repaired == 0 && summary.unrepaired == 1 && summary.quarantined == 1)
        await expectError(.corrupt) { try await feed.text(at: "a") }
    }
}
