import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore
@testable import ObjectStorage

@Suite struct MigrateTests {
    static let options = MigrateOperation.Options(by: "tester", leaseSeconds: 60)

    @discardableResult
    static func migrate(
        _ feed: Feed, to place: String?, _ options: MigrateOperation.Options = options,
        report: @escaping @Sendable (MigrateOperation.Event) -> Void = { _ in }
    ) async throws -> MigrateOperation.Summary {
        let url = try place.map { try RootURL($0) }
        return try await MigrateOperation(feed, options, report: report).run(to: url)
    }

    /// A feed with packages of all kinds: new, replaced, deleted, restored, and two of the same content.
    static func fill(_ feed: Feed) async throws {
        for number in 0..<6 { try await feed.publish("content \(number)", at: "pkg/\(number)") }
        try await feed.publish("content 0", at: "Ärger/Über")
        try await feed.publish("new", at: "pkg/1")
        try await feed.remove(PackagePath("pkg/2"), by: "bob")
        try await feed.remove(PackagePath("pkg/3"), by: "bob")
        try await feed.restore(PackagePath("pkg/3"), by: "bob")
        try await feed.publish(String(repeating: "0123456789", count: 50_000), at: "large")
    }

    static let mutable = FeedPolicy(mutable: true)

    @Test("a feed goes through memory and files and back, with its listing, digests and histories")
    func roundTrip() async throws {
        let folder = TemporaryFolder()
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.mutable)
        try await Self.fill(feed)
        let before = try await feed.everything()
        var epoch = try await feed.record().epoch
        for place in ["/memory/a", folder.path + "/b", folder.path + "/c", "/memory/d", nil] {
            var options = Self.options
            options.verifiesByReading = place == nil
            let summary = try await Self.migrate(feed, to: place, options)
            #expect(summary.cutover && summary.copied == 8 && summary.failed == 0, "\(summary)")
            #expect(try await feed.everything() == before, "in \(place ?? "the server root")")
            #expect(try await feed.record().epoch == epoch + 2)
            #expect(try await feed.record().root == place.map { try RootURL($0) })
            #expect(try await feed.flaws() == [])
            epoch += 2
            #expect(try await MigrateOperation(feed, Self.options) { _ in }.deleteSource().isEmpty)
        }
        await bench.store.close()
    }

    @Test("a run that remembers only some of its records moves all of them", arguments: [0, 3])
    func forgetful(_ remembered: Int) async throws {
        let feed = try await Bench().feed("npm", Self.mutable)
        try await Self.fill(feed)
        let before = try await feed.everything()
        var options = Self.options
        options.recordsRemembered = remembered
        let summary = try await Self.migrate(feed, to: "/memory/a", options)
        #expect(summary.cutover && summary.copied == 8 && summary.failed == 0, "\(summary)")
        #expect(try await feed.everything() == before)
        #expect(try await feed.flaws() == [])
    }

    @Test("a feed that is there already is left as it is")
    func there() async throws {
        let feed = try await Bench().feed("npm", root: "/memory/a")
        let summary = try await Self.migrate(feed, to: "/memory/a")
        #expect(summary.cutover && summary.copied == 0)
        #expect(try await feed.record().epoch == 1)
    }

    @Test("a dry run says what there is to copy, each content once and former revisions too, and changes nothing")
    func dryRun() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", Self.mutable)
        for number in 0..<3 { try await feed.publish("content \(number)", at: "pkg/\(number % 2)") }
        try await feed.publish("content 0", at: "again")
        let before = try await feed.record()
        var options = Self.options
        options.isDryRun = true
        let summary = try await Self.migrate(feed, to: "/memory/a", options)
        #expect(summary.copied == 3 && summary.bytes == 27 && !summary.cutover)
        #expect(summary.secondsEstimated > summary.heldSecondsEstimated && summary.heldSecondsEstimated > 0)
        #expect(try await feed.record() == before)
        #expect(try bench.opener[RootURL("/memory/a")] == nil)
        #expect(try await bench.store.server.storage.names(KeyPrefix("cluster/")).isEmpty)
        try await Self.migrate(feed, to: "/memory/a")
        try await feed.publish("one more", at: "more")
        let back = try await MigrateOperation(feed, options) { _ in }.run(to: nil)
        #expect(back.copied == 1 && back.skipped == 3 && back.bytes == 8, "\(back)")
    }

    @Test("a place that holds other things, or packages of no migration of this feed, is refused")
    func foreign() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("kept", at: "a")
        let full = try await bench.opener.create(RootURL("/memory/full"))
        _ = try await full.writeObject(Key("photo"), ObjectSource([1]))
        await expectError(.alreadyExists) { try await Self.migrate(feed, to: "/memory/full") }
        let other = try await bench.feed("pypi", root: "/memory/pypi")
        try await other.publish("theirs", at: "a")
        await expectError(.wrongRoot) { try await Self.migrate(feed, to: "/memory/pypi") }
        // The same name in another store.
        let elsewhere = try await PackageStore.create(
            RootURL("/memory/elsewhere"), node: NodeName("tester"), with: bench.opener
        ).store
        _ = try await elsewhere.createFeed(FeedName("npm"), root: RootURL("/memory/theirs"))
        try await elsewhere.feed("npm").publish("theirs", at: "a")
        await expectError(.alreadyExists) { try await Self.migrate(feed, to: "/memory/theirs") }
        let record = try await feed.record()
        #expect(record.migration == nil && record.epoch == 1)
        #expect(try await feed.text(at: "a") == "kept")
    }

    @Test("a feed may go back to any root that it was in before, and what is there is brought up to date")
    func beforeTheLast() async throws {
        let feed = try await Bench().feed("npm", Self.mutable)
        try await feed.publish("old", at: "a")
        for place in ["/memory/a", "/memory/b", "/memory/a", "/memory/c"] { try await Self.migrate(feed, to: place) }
        try await feed.publish("new", at: "a")
        try await Self.migrate(feed, to: "/memory/b")
        #expect(try await feed.text(at: "a") == "new")
        #expect(try await feed.flaws() == [])
    }

    @Test("what was deleted after a migration is not back after the migration back")
    func deletedStaysDeleted() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", FeedPolicy(mutable: true, graceSeconds: 0))
        for name in ["a", "b"] { try await feed.publish(name, at: name) }
        try await Self.migrate(feed, to: "/memory/a")
        try await feed.remove(PackagePath("a"), by: "x")
        try await Self.expire(PackagePath("a"), in: feed)
        try await Self.migrate(feed, to: nil)
        #expect(try await feed.text(at: "a") == nil)
        #expect(try await feed.text(at: "b") == "b")
    }

    @Test(
        "a package whose tombstone was collected is not back in a root that it was in before", arguments: [true, false])
    func collectedStaysDeleted(isBack: Bool) async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", FeedPolicy(mutable: true, graceSeconds: 0))
        for name in ["a", "b", "c"] { try await feed.publish(name, at: name) }
        let target: RootURL? = isBack ? nil : try RootURL("/memory/a")
        if isBack { try await Self.migrate(feed, to: "/memory/a") } else { try await begin(feed, to: "/memory/a") }
        try await feed.remove(PackagePath("b"), by: "x")
        // As a collector does when the tombstone's grace period is over.
        try await feed.open().storage.removeRecord(PackagePath("b").key)
        _ = try await MigrateOperation(feed, Self.options) { _ in }.run(to: target)
        #expect(try await feed.text(at: "b") == nil)
        #expect(try await feed.text(at: "a") == "a")
        #expect(try await feed.text(at: "c") == "c")
        try await feed.restore(PackagePath("b"), by: "x")
        #expect(try await feed.text(at: "b") == "b", "it is kept for the grace period")
    }

    /// Copies everything, and dies before the feed is pointed there.
    private func begin(_ feed: Feed, to place: String) async throws {
        let held = Mutex<Task<MigrateOperation.Summary, any Error>?>(nil)
        let task = Task {
            try await Self.migrate(feed, to: place) { event in
                if case .held = event { held.withLock { $0?.cancel() } }
            }
        }
        held.withLock { $0 = task }
        await expectError(.cancelled) { try await task.value }
    }

    @Test("tombstones whose grace period is over are left behind")
    func expired() async throws {
        let feed = try await Bench().feed("npm", FeedPolicy(graceSeconds: 0))
        for name in ["a", "b"] { try await feed.publish(name, at: name) }
        try await feed.remove(PackagePath("a"), by: "x")
        try await Self.expire(PackagePath("a"), in: feed)
        try await Self.migrate(feed, to: "/memory/a")
        #expect(try await feed.paths().flattened().map(\.text) == ["b"])
    }

    @Test("a tombstone expires by the storage's own clock, whatever the clock of its writer said", arguments: 0..<2)
    func storageClock(_ periods: Int) async throws {
        let bench = try await Bench()
        let clock = ManualClock()
        try bench.opener.replace(RootURL("/memory/feed"), with: MemoryStorage(clock: clock))
        let feed = try await bench.feed("npm", FeedPolicy(graceSeconds: 5), root: "/memory/feed")
        for name in ["a", "b", "b2"] { try await feed.publish(name, at: name) }
        clock.advance(by: .seconds(100))
        try await feed.remove(PackagePath("b"), by: "x")
        try await Self.expire(PackagePath("b"), in: feed)
        clock.advance(by: .seconds(6 * periods))
        try await Self.migrate(feed, to: "/memory/a")
        #expect(try await feed.paths().flattened().map(\.text) == (periods == 0 ? ["a", "b", "b2"] : ["a", "b2"]))
    }

    /// Makes a tombstone older than it is.
    private static func expire(_ path: PackagePath, in feed: Feed) async throws {
        let opened = try await feed.open()
        _ = try await opened.storage.update(path.key, as: PackageRecord.self) { (record) throws(StoreError) in
            var next = record
            next.deleted = PackageRecord.Act(at: Timestamp(seconds: Timestamp.now.seconds - 10), by: "x")
            return next
        }
    }

    @Test("damage is named, the rest is copied, and the feed stays where it is unless damage is allowed")
    func damage() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        var all: [Published] = []
        for number in 0..<6 { all.append(try await feed.publish("content \(number)", at: "pkg/\(number)")) }
        let storage = try await bench.storage(feed)
        try await storage.spoil(all[1].digest, Array("CONTENT 1".utf8))
        try await storage.spoil(all[2].digest, Array("content".utf8))
        try await storage.removeObject(FeedLayout.blob(all[3].digest))
        try await storage.garble(all[4].path.key)
        let failed = Collected<String>()
        let summary = try await Self.migrate(feed, to: "/memory/a") { event in
            if case .failed(let path, _) = event { failed.add(path) }
        }
        #expect(failed.all.sorted() == ["pkg/1", "pkg/2", "pkg/3", "pkg/4"])
        #expect(summary.failed == 4 && summary.copied == 2 && !summary.cutover)
        #expect(try await feed.record().root == nil)
        #expect(try await feed.record().state == .active)
        var options = Self.options
        options.allowsDamage = true
        let second = try await Self.migrate(feed, to: "/memory/a", options)
        #expect(second.cutover && second.failed == 4 && second.skipped == 2)
        #expect(try await feed.listing() == ["pkg/0", "pkg/5"])
        #expect(try await feed.flaws() == [])
    }

    @Test("a failure of the destination is no damage that can be allowed", arguments: [1, 2])
    func destinationFails(_ occurrence: Int) async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        for name in ["a", "b", "c"] { try await feed.publish(name, at: name) }
        let plan = FaultPlan.once(.commit, at: occurrence, .before(StoreError(.failed, "input/output error")))
        let memory = MemoryStorage(address: "memory a")
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(memory, plan: plan))
        var options = Self.options
        options.allowsDamage = true
        await expectError(.failed) { try await Self.migrate(feed, to: "/memory/a", options) }
        #expect(try await feed.record().root == nil)
        #expect(try await Self.migrate(feed, to: "/memory/a", options).cutover)
        #expect(try await feed.listing() == ["a", "b", "c"])
    }

    @Test("what reads back as something else is written again by the next run")
    func readBack() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let published = try await feed.publish("kept", at: "a")
        let blob = FeedLayout.blob(published.digest)
        let memory = MemoryStorage(address: "memory a")
        let plan = FaultPlan { operation, key, occurrence in
            if operation == .readObject && key == blob.text && occurrence == 0 {
                memory.shelf.withLock { shelf in
                    shelf.removeObject(blob)
                    _ = try? shelf.put(blob, Array("KEPT".utf8), at: .zero)
                }
            }
            return nil
        }
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(memory, plan: plan))
        var options = Self.options
        options.verifiesByReading = true
        await expectError(.corrupt) { try await Self.migrate(feed, to: "/memory/a", options) }
        #expect(try await Self.migrate(feed, to: "/memory/a", options).cutover)
        #expect(try await feed.text(at: "a") == "kept")
        #expect(try await memory.names(FeedLayout.quarantine).count == 2)
    }

    @Test("a blob that a collector took away at the destination before its record was there is copied again")
    func takenAway() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let published = try await feed.publish("kept", at: "a")
        let url = try RootURL("/memory/a")
        let memory = MemoryStorage(address: "memory a")
        let plan = FaultPlan { operation, key, _ in
            if operation == .writeRecord && key == published.path.key.text {
                memory.shelf.withLock { $0.removeObject(FeedLayout.blob(published.digest)) }
            }
            return nil
        }
        bench.opener.replace(url, with: FaultStorage(memory, plan: plan))
        try await Self.migrate(feed, to: "/memory/a")
        #expect(try await feed.text(at: "a") == "kept")
    }

    @Test("a run that goes on after another looks at the content behind the records that are there")
    func resumed() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let published = try await feed.publish("kept", at: "a")
        let garbled = try PackagePath("b").key
        try await bench.storage(feed).garble(garbled)
        #expect(try await Self.migrate(feed, to: "/memory/a").cutover == false)
        let destination = try #require(bench.opener[try RootURL("/memory/a")])
        try await destination.removeObject(FeedLayout.blob(published.digest))
        try await bench.storage(feed).removeRecord(garbled)
        #expect(try await Self.migrate(feed, to: "/memory/a").cutover)
        #expect(try await feed.text(at: "a") == "kept")
    }
}
