import Synchronization
import Testing

@testable import BlobStore

@Suite struct CollectTests {
    /// Without a grace period, everything is old enough at once.
    static let hasty = FeedPolicy(mutable: true, graceSeconds: 0)

    private func collect(_ feed: Feed, deletes: Bool = true, cap: Double = 100) async throws -> CollectOperation.Summary
    {
        try await CollectOperation(feed, .init(deletes: deletes, maximumPercent: cap)) { _ in }.run()
    }

    private func orphan(_ text: String, in feed: Feed) async throws -> Digest {
        let digest = try Digest(of: Array(text.utf8))
        _ = try await feed.visit().storage.writeObject(FeedLayout.blob(digest), ObjectSource(Array(text.utf8)))
        return digest
    }

    @Test("garbage is retired first and removed by a later run; what records name stays")
    func retireThenRemove() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty)
        let kept = try await feed.publish("kept", at: "a")
        let digest = try await orphan("garbage", in: feed)
        let storage = try await bench.storage(feed)
        let first = try await collect(feed)
        #expect(first.candidates == 1 && first.retired == 1 && first.deleted == 0)
        #expect(try await storage.statObject(FeedLayout.blob(digest)) == nil)
        let second = try await collect(feed)
        #expect(second.deleted == 1)
        #expect(try await storage.list(ListRequest(FeedLayout.retired)).flattened().isEmpty)
        #expect(try await storage.statObject(FeedLayout.blob(kept.digest)) != nil)
    }

    @Test("a blob that a record names by the time it is settled goes back")
    func namedMeanwhile() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty)
        let digest = try await orphan("late", in: feed)
        #expect(try await collect(feed).retired == 1)
        let content = PackageContent(
            ContentHasher.Summary(digest: digest, size: 4, extras: [:]), contentType: nil, annotations: nil)
        let act = PackageRecord.Act(at: .now, by: "x")
        _ = try await feed.visit().record(content, at: PackagePath("a"), act)
        #expect(try await feed.text(at: "a") == "late")
        #expect(try await collect(feed).restored == 1)
        #expect(try await feed.text(at: "a") == "late")
    }

    @Test("nothing younger than the grace period is touched")
    func grace() async throws {
        let feed = try await Bench().feed("npm", FeedPolicy(graceSeconds: 3_600))
        _ = try await orphan("young", in: feed)
        #expect(try await collect(feed) == CollectOperation.Summary())
    }

    @Test("a dry run frees nothing, and says what it would")
    func dryRun() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty)
        let digest = try await orphan("garbage", in: feed)
        let summary = try await collect(feed, deletes: false)
        #expect(summary.candidates == 1 && summary.bytes == 7 && summary.retired == 0)
        #expect(try await bench.storage(feed).statObject(FeedLayout.blob(digest)) != nil)
    }

    @Test("more garbage than the cap is refused before anything is moved")
    func cap() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty)
        try await feed.publish("kept", at: "a")
        let digest = try await orphan("garbage", in: feed)
        await expectError(.invalidArgument) { try await collect(feed, cap: 20) }
        #expect(try await bench.storage(feed).statObject(FeedLayout.blob(digest)) != nil)
    }

    @Test("one record that cannot be read stops it before anything is freed")
    func unreadable() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty)
        try await feed.publish("kept", at: "a")
        let digest = try await orphan("garbage", in: feed)
        let storage = try await bench.storage(feed)
        _ = try await storage.writeRecord(PackagePath("b").key, Array("{".utf8), expecting: .absent)
        await expectError(.corrupt) { try await collect(feed) }
        #expect(try await storage.statObject(FeedLayout.blob(digest)) != nil)
    }

    @Test("former revisions and fresh tombstones keep their content")
    func references() async throws {
        let feed = try await Bench().feed("npm", FeedPolicy(mutable: true, graceSeconds: 3_600))
        try await feed.publish("one", at: "a")
        try await feed.publish("two", at: "a")
        try await feed.remove(PackagePath("a"), by: "x")
        _ = try await feed.visit().storage.list(ListRequest(FeedLayout.blobs)).flattened()
        _ = try await feed.store.updateFeed(feed.name, FeedPolicy(graceSeconds: 1_000))
        #expect(try await collect(feed).candidates == 0)
        try await feed.restore(PackagePath("a"), by: "x")
        #expect(try await feed.text(at: "a") == "two")
    }

    @Test(
        "publishers of overlapping content and collectors side by side lose nothing that was reported",
        arguments: [false, true])
    func race(onBuckets: Bool) async throws {
        let feed = try await Bench(onBuckets: onBuckets).feed("npm", Self.hasty)
        let reported = Reported()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<6 {
                group.addTask { try await reported.publish(60, to: feed, "p\(publisher)") }
            }
            for _ in 0..<2 {
                group.addTask { for _ in 0..<60 { _ = try await CollectTests().collect(feed) } }
            }
            try await group.waitForAll()
        }
        for (path, text) in reported.all { #expect(try await feed.text(at: path) == text) }
    }
}
