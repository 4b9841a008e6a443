import BlobStoreTesting
import Glibc
import Synchronization
import TestSupport
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
        _ = try await feed.open().storage.writeObject(FeedLayout.blob(digest), ObjectSource(Array(text.utf8)))
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
        _ = try await feed.open().record(content, at: PackagePath("a"), act)
        #expect(try await feed.text(at: "a") == "late")
        #expect(try await collect(feed).restored == 1)
        #expect(try await feed.text(at: "a") == "late")
    }

    @Test("each phase whose size an earlier one has told has an end", arguments: [false, true])
    func progress(onBuckets: Bool) async throws {
        let feed = try await Bench(onBuckets: onBuckets).feed("npm", Self.hasty)
        for number in 0..<3 { _ = try await orphan("garbage \(number)", in: feed) }
        for number in 0..<4 { try await feed.publish("kept \(number)", at: "\(number)") }
        let shown = Collected<WorkProgress>()
        _ = try await CollectOperation(feed, .init(deletes: true, maximumPercent: 100)) { event in
            if case .progress(let progress) = event { shown.add(progress) }
        }.run()
        let phases: [(String, Int64)] =
            onBuckets
            ? [("condemning garbage", 3), ("reading records", 4), ("removing", 3)] : [("moving garbage aside", 3)]
        for (phase, total) in phases {
            #expect(shown.all.contains(WorkProgress(phase, items: total, itemsTotal: total)), "\(phase)")
        }
    }

    @Test("what cannot be moved aside or removed is told, and the rest is collected")
    func refused() async throws {
        let bench = try await Bench()
        let url = try RootURL("/memory/held")
        let feed = try await bench.feed("npm", Self.hasty, root: url.description)
        let held = FeedLayout.blob(try await orphan("held", in: feed)).text
        _ = try await orphan("free", in: feed)
        let refusal = StoreError(.permissionDenied, "it may not be changed")
        let base = try #require(bench.opener[url])
        bench.opener.replace(
            url,
            with: FaultStorage(
                base,
                plan: FaultPlan { operation, key, _ in
                    operation == .moveObject && key == held || operation == .removeObjects ? .before(refusal) : nil
                }))
        let feed2 = try await bench.reopened().feed("npm")
        let first = try await collect(feed2)
        #expect(first.retired == 1 && first.failed == 1)
        let second = try await collect(feed2)
        #expect(second.retired == 0 && second.deleted == 0 && second.failed == 2)
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

    @Test("a record that is listed and reads as absent stops it before anything is freed")
    func absent() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty, root: "/memory/feed")
        let published = try await feed.publish("kept", at: "a")
        let storage = try await bench.storage(feed)
        let record = published.path.key
        let plan = FaultPlan { operation, key, _ in
            guard operation == .readRecords, key == record.text else { return nil }
            return .late { try? await storage.removeRecord(record) }
        }
        try bench.opener.replace(RootURL("/memory/feed"), with: FaultStorage(storage, plan: plan))
        let fresh = try await bench.reopened().feed("npm")
        await expectError(.unavailable) { try await collect(fresh) }
        #expect(try await storage.statObject(FeedLayout.blob(published.digest)) != nil)
    }

    @Test("a retired copy that a record names stays while the blob in its place is bad", arguments: ["KEPT", "short!"])
    func badInPlace(_ bad: String) async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty)
        let published = try await feed.publish("kept", at: "a")
        let storage = try await bench.storage(feed)
        try await storage.moveObject(FeedLayout.blob(published.digest), to: FeedLayout.retired(published.digest))
        try await storage.spoil(published.digest, Array(bad.utf8))
        #expect(try await collect(feed).restored == 0)
        #expect(try await storage.names(FeedLayout.retired).count == 1)
        #expect(try await RepairOperation(feed, .init(by: "x")) { _ in }.run().repaired == 1)
        #expect(try await feed.text(at: "a") == "kept")
        _ = try await collect(feed)
        #expect(try await storage.names(FeedLayout.retired).isEmpty)
        #expect(try await feed.text(at: "a") == "kept")
    }

    @Test(
        "a tombstone expires by the storage's own clock, whatever the clock of its writer said",
        arguments: [false, true])
    func expiry(onBuckets: Bool) async throws {
        let clock = ManualClock()
        let storage = MemoryStorage(clock: clock, movesAtomically: !onBuckets)
        let bench = try await Bench(onBuckets: onBuckets)
        try bench.opener.replace(RootURL("/memory/feed"), with: storage)
        let feed = try await bench.feed("npm", FeedPolicy(graceSeconds: 100), root: "/memory/feed")
        let published = try await feed.publish("gone", at: "a")
        clock.advance(by: .seconds(1_000))
        try await feed.remove(PackagePath("a"), by: "x")
        // As if it had been deleted by a node whose clock was a day slow.
        let stored: Stored<PackageRecord> = try #require(try await storage.document(published.path.key))
        var record = stored.body
        record.deleted = PackageRecord.Act(at: Timestamp(seconds: Timestamp.now.seconds - 86_400), by: "x")
        _ = try await storage.replace(published.path.key, stored, with: record)
        #expect(try await collect(feed, deletes: false).candidates == 0)
        clock.advance(by: .seconds(101))
        #expect(try await collect(feed, deletes: false).candidates == 1)
    }

    @Test("on a filesystem it prunes what is left of former records, and stops at what is no record")
    func filesystem() async throws {
        let folder = TemporaryFolder()
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.hasty, root: folder.path + "/feed")
        for number in 0..<7 { try await feed.publish("content \(number)", at: "a") }
        folder.write("feed/packages/a.json~/p.2.00000000-0000-0000-0000-000000000000", [])
        folder.write("feed/packages/a.json~/p.8.00000000-0000-0000-0000-000000000000", [])
        let before = try await feed.everything()
        // Six generations beside the first, of which three are kept; and the proposal for one that is over.
        #expect(try await collect(feed, deletes: false).candidates == 4)
        #expect(try await collect(feed).deleted == 4)
        #expect(try await collect(feed) == CollectOperation.Summary())
        #expect(try await feed.everything() == before)
        let left = [5, 6, 7].map { "feed/packages/a.json~/\($0)" } + ["feed/packages/a.json"]
        for name in left { #expect(folder.read(name) != nil, Comment(rawValue: name)) }
        #expect(folder.read("feed/packages/a.json~/p.8.00000000-0000-0000-0000-000000000000") != nil)
        symlink("/dev/null", folder.path + "/feed/packages/b.json")
        await expectError(.corrupt) { try await collect(feed) }
    }

    @Test("former revisions and fresh tombstones keep their content")
    func references() async throws {
        let feed = try await Bench().feed("npm", FeedPolicy(mutable: true, graceSeconds: 3_600))
        try await feed.publish("one", at: "a")
        try await feed.publish("two", at: "a")
        try await feed.remove(PackagePath("a"), by: "x")
        _ = try await feed.open().storage.list(ListRequest(FeedLayout.blobs)).flattened()
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
        let collections = Collected<Bool>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<6 {
                group.addTask { try await reported.publish(60, to: feed, "p\(publisher)") }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<60 {
                        do {
                            _ = try await CollectTests().collect(feed)
                            collections.add(true)
                        } catch let error as StoreError where error.code == .unavailable && error.isRetryable {
                            collections.add(false)  // The other one opened the gate after this one had looked.
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(collections.all.contains(true))
        for (path, text) in reported.all { #expect(try await feed.text(at: path) == text) }
    }
}
