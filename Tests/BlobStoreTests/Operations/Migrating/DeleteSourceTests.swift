import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("Freeing the root that a feed moved away from")
struct DeleteSourceTests {
    private func moved() async throws -> (bench: Bench, feed: Feed, source: any Storage) {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", MigrateTests.mutable)
        try await MigrateTests.fill(feed)
        let source = try await bench.storage(feed)
        try await MigrateTests.migrate(feed, to: "/memory/a")
        return (bench, feed, source)
    }

    @discardableResult
    private func deleteSource(
        _ feed: Feed, _ options: MigrateOperation.Options = MigrateTests.options
    ) async throws -> [FormerRoot] {
        try await MigrateOperation(feed, options) { _ in }.deleteSource()
    }

    private func everything(in storage: any Storage) async throws -> [String] {
        try await storage.list(ListRequest()).flattened().map(\.text)
    }

    @Test("all of it goes when the new root has everything, and the feed is as it was")
    func freed() async throws {
        let (_, feed, source) = try await moved()
        let before = try await feed.everything()
        try await deleteSource(feed)
        #expect(try await everything(in: source).isEmpty)
        #expect(try await feed.everything() == before)
        #expect(try await feed.record().formerRoots.isEmpty)
        await expectError(.notFound) { try await deleteSource(feed) }
    }

    @Test("nothing goes when a record or content is missing in the new root", arguments: 0..<4)
    func missing(_ what: Int) async throws {
        let (bench, feed, source) = try await moved()
        let destination = try await bench.storage(feed)
        let before = try await everything(in: source)
        let path = try PackagePath("pkg/1")
        let log = try await feed.log(path)
        switch what {
        case 0: try await destination.removeRecord(path.key)
        case 1: try await destination.removeObject(FeedLayout.blob(log[0].digest))
        // A former revision, which could be restored.
        case 2: try await destination.removeObject(FeedLayout.blob(log[1].digest))
        default:
            try await source.garble(path.key)
            try await destination.removeRecord(path.key)
        }
        await expectError(.corrupt) { try await deleteSource(feed) }
        #expect(try await everything(in: source) == before)
        #expect(try await feed.record().formerRoots.count == 1)
    }

    @Test("a blob of the new root with flipped bytes keeps the source, and names the way to repair it")
    func flipped() async throws {
        let (bench, feed, source) = try await moved()
        let before = try await everything(in: source)
        let digest = try await feed.log(PackagePath("pkg/1"))[0].digest
        try await bench.storage(feed).spoil(digest, Array("NEW".utf8))
        do {
            try await deleteSource(feed)
            Issue.record("the last good copy was deleted")
        } catch let error as StoreError {
            #expect(error.code == .corrupt && error.message.contains("repair npm --from"), "\(error)")
        }
        var options = MigrateTests.options
        options.allowsDamage = true
        // What is good in the source is not damage that can be allowed.
        await expectError(.corrupt) { try await deleteSource(feed, options) }
        #expect(try await everything(in: source) == before)
    }

    @Test("what is damaged in both is given up only when that is allowed")
    func damagedInBoth() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm")
        for name in ["a", "b", "c"] { try await feed.publish(name, at: name) }
        let source = try await bench.storage(feed)
        try await source.spoil(feed.log(PackagePath("a"))[0].digest, Array("A".utf8))
        try await source.garble(PackagePath("b").key)
        var options = MigrateTests.options
        options.allowsDamage = true
        #expect(try await MigrateTests.migrate(feed, to: "/memory/a", options).cutover)
        await expectError(.corrupt) { try await deleteSource(feed) }
        try await deleteSource(feed, options)
        #expect(try await everything(in: source).isEmpty)
        #expect(try await feed.listing() == ["c"])
    }

    @Test("every former root is kept in mind, and all go together")
    func several() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm")
        try await feed.publish("kept", at: "a")
        for place in ["/memory/a", "/memory/b", "/memory/c"] { try await MigrateTests.migrate(feed, to: place) }
        #expect(try await feed.record().formerRoots.map(\.root?.description).map { $0 ?? "home" }.count == 3)
        try await deleteSource(feed)
        for place in ["/memory/a", "/memory/b"] {
            #expect(try await everything(in: #require(bench.opener[try RootURL(place)])).isEmpty)
        }
        #expect(try await feed.text(at: "a") == "kept")
        #expect(try await feed.record().formerRoots.isEmpty)
    }

    @Test("while a migration is under way nothing is deleted, since it may be going there")
    func whileMigrating() async throws {
        let (bench, feed, source) = try await moved()
        try await source.garble(PackagePath("pkg/0").key)
        let before = try await everything(in: source)
        let stored = try await bench.store.catalog.feed(feed.name)
        var next = stored.body
        let former = try #require(next.formerRoots.first)
        next.migration = FeedRecord.Destination(root: nil, id: former.id, since: .now, by: "dead")
        next.migration?.run = "dead"
        _ = try await bench.store.catalog.replace(stored, with: next)
        await expectError(.migrating) { try await deleteSource(feed) }
        #expect(try await everything(in: source) == before)
    }

    @Test("what a migration that was given up had copied goes as a former root does")
    func givenUp() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm")
        try await feed.publish("kept", at: "a")
        try await bench.storage(feed).garble(PackagePath("b").key)
        #expect(try await MigrateTests.migrate(feed, to: "/memory/a").cutover == false)
        try await MigrateOperation(feed, MigrateTests.options) { _ in }.abort()
        let copied = try #require(bench.opener[try RootURL("/memory/a")])
        #expect(try await everything(in: copied).count > 1)
        try await deleteSource(feed)
        #expect(try await everything(in: copied).isEmpty)
        #expect(try await feed.text(at: "a") == "kept")
    }

    @Test("a source that is set aside keeps its content, is no feed's root any more, and is still good to repair from")
    func setAside() async throws {
        let (bench, feed, source) = try await moved()
        let before = try await everything(in: source)
        #expect(try await MigrateOperation(feed, MigrateTests.options) { _ in }.deleteSource(.setAside).isEmpty)
        #expect(try await everything(in: source) == before)
        #expect(try await feed.record().formerRoots.isEmpty)
        await expectError(.wrongRoot) { try await MigrateTests.migrate(feed, to: nil) }
        let digest = try await feed.log(PackagePath("pkg/1"))[0].digest
        try await bench.storage(feed).spoil(digest, Array("NEW".utf8))
        let home = bench.url.appending(Catalog.place(feed.name))
        let repaired = try await RepairOperation(feed, .init(by: "tester", sources: [home])) { _ in }.run()
        #expect(repaired.repaired == 1)
        #expect(try await feed.text(at: "pkg/1") == "new")
    }

    @Test("what only the source has stops its deletion, and not that it is set aside")
    func onlyThere() async throws {
        let (_, feed, source) = try await moved()
        // As a publication leaves it that was paused during the migration, and died after it.
        let other: Stored<PackageRecord>? = try await source.document(PackagePath("pkg/1").key)
        let (content, path) = (PackageContent(try #require(other).body), try PackagePath("late"))
        _ = try await source.create(
            path.key, PackageRecord(path, content: content, by: PackageRecord.Act(at: .now, by: "x")))
        await expectError(.corrupt) { try await deleteSource(feed) }
        let failed = Mutex<[String]>([])
        _ = try await MigrateOperation(feed, MigrateTests.options) { event in
            if case .failed(let path, _) = event { failed.withLock { $0.append(path) } }
        }.deleteSource(.setAside)
        #expect(failed.withLock { $0 } == ["late"])
        #expect(try await source.readRecord(path.key) != nil)
        #expect(try await feed.record().formerRoots.isEmpty)
    }

    @Test(
        "a deletion that died at any step is completed by the next, and its place stays closed until a person opens it")
    func died() async throws {
        for step in 0..<200 {
            let (bench, feed, source) = try await moved()
            let url = bench.url.appending(Catalog.place(feed.name))
            let plan = FaultPlan { operation, _, occurrence in
                operation == .removeRecord && occurrence == step ? .before(StoreError(.failed, "died")) : nil
            }
            bench.opener.replace(url, with: FaultStorage(source, plan: plan))
            let isDead: Bool
            do {
                try await deleteSource(feed)
                isDead = false
            } catch { isDead = true }
            bench.opener.replace(url, with: source)
            if !isDead { return #expect(try await feed.record().formerRoots.isEmpty) }
            let label: Comment = "step \(step)"
            await expectError(.alreadyExists) { try await MigrateTests.migrate(feed, to: nil) }
            let isDone = try await feed.record().formerRoots.first?.deletion?.isDone == true
            if !isDone { #expect(try await deleteSource(feed).count == 1, label) }
            let left = try await everything(in: source)
            #expect(left.isEmpty || left == ["root.json"], "step \(step): \(left)")
            await expectError(.alreadyExists) { try await MigrateTests.migrate(feed, to: nil) }
            try await MigrateOperation(feed, MigrateTests.options) { _ in }.reopen()
            #expect(try await MigrateTests.migrate(feed, to: nil).cutover, label)
            #expect(try await feed.flaws() == [], label)
        }
        Issue.record("it never came to an end")
    }
}
