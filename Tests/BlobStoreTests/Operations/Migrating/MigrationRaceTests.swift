import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// Migrations with others at work: publishers, a second migration, a dead one.
@Suite struct MigrationRaceTests {
    @Test("nothing that was reported published is lost while a feed moves to and fro")
    func publishers() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", MigrateTests.mutable)
        let reported = Collected<(path: String, text: String?)>()
        let over = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<4 {
                group.addTask {
                    // A store of its own each, as on several nodes.
                    let feed = try await bench.reopened(as: "web-\(publisher)").feed("npm")
                    for round in 0..<2_000 where !over.isOpen {
                        let path = "p\(publisher)/\(round % 40)"
                        switch try await Self.publishes("content \(round)", at: path, in: feed) {
                        case .done: reported.add((path, "content \(round)"))
                        case .unknown: reported.add((path, nil))
                        case .refused: continue
                        }
                    }
                }
            }
            group.addTask {
                for place in ["/memory/a", nil, "/memory/a", "/memory/b", "/memory/a"] {
                    let summary = try await MigrateTests.migrate(feed, to: place)
                    #expect(summary.cutover)
                }
                over.open()
            }
            try await group.waitForAll()
        }
        let all = Dictionary(reported.all.map { ($0.path, $0.text) }, uniquingKeysWith: { $1 })
        #expect(!all.isEmpty)
        for case (let path, let text?) in all { #expect(try await feed.text(at: path) == text, "\(path)") }
        #expect(try await feed.flaws() == [])
    }

    @Test("who waits for a migration is told of none, but of one that has died")
    func patient() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", MigrateTests.mutable)
        let over = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<3 {
                group.addTask {
                    let store = try await bench.reopened(as: "web-\(publisher)")
                    store.waitForMigration = .seconds(60)
                    let feed = try await store.feed("npm")
                    for round in 0..<2_000 where !over.isOpen {
                        try await feed.publish("content \(round)", at: "p\(publisher)/\(round % 10)")
                    }
                }
            }
            group.addTask {
                for place in ["/memory/a", nil, "/memory/b"] { try await MigrateTests.migrate(feed, to: place) }
                over.open()
            }
            try await group.waitForAll()
        }
        #expect(try await feed.flaws() == [])
        let store = try await bench.reopened(as: "web-9")
        store.waitForMigration = .milliseconds(200)
        _ = try await store.catalog.update(feed.name) { (record) throws(StoreError) in
            var next = record
            next.state = .migrating
            return next
        }
        let held = try await store.feed("npm")
        await expectError(.migrating) { try await held.publish("late", at: "x") }
    }

    private enum Told { case done, refused, unknown }

    /// What a publisher is told; while the feed is on its way nothing is published, or nobody knows.
    private static func publishes(_ text: String, at path: String, in feed: Feed) async throws -> Told {
        do {
            try await feed.publish(text, at: path)
            return .done
        } catch let error as StoreError where error.code == .migrating || error.code == .unavailable {
            await Task.yield()
            return .refused
        } catch let error as StoreError where error.code == .outcomeUnknown {
            return .unknown
        }
    }

    @Test("a publication that moved with the feed before it was reported is still one that was created")
    func movedAlong() async throws {
        let bench = try await Bench()
        _ = try await bench.feed()
        let others = try await bench.reopened(as: "web-2").feed("npm")
        let hasMoved = Mutex(false)
        let plan = FaultPlan { operation, key, _ in
            guard operation == .readRecords, key == "catalog/npm.json" else { return nil }
            return .late {
                guard (try? await others.package(at: PackagePath("a"))) != nil else { return }
                let isFirst = hasMoved.withLock { hasMoved in
                    defer { hasMoved = true }
                    return !hasMoved
                }
                if isFirst { _ = try? await MigrateTests.migrate(others, to: "/memory/a") }
            }
        }
        bench.opener.replace(bench.url, with: FaultStorage(try #require(bench.opener[bench.url]), plan: plan))
        let slow = try await bench.reopened().feed("npm")
        #expect(try await slow.publish("one", at: "a", by: "slow").outcome == .created)
        #expect(try await others.record().root == RootURL("/memory/a"))
        #expect(try await others.log(PackagePath("a")).map(\.act.by) == ["slow"])
    }

    @Test("what was written just before writers were held is not said to be as it was")
    func writtenBeforeTheHold() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let store = bench.store
        await expectError(.outcomeUnknown) {
            try await feed.untilCurrent("meanwhile") { (_) async throws(StoreError) -> Round<Bool>? in
                _ = try await store.catalog.update(feed.name) { (record) throws(StoreError) in
                    var next = record
                    next.change(to: .migrating, root: next.root, id: next.id)
                    return next
                }
                return Round(value: true)
            }
        }
    }

    @Test("what a publisher began before a migration ends in the new root")
    func begunBefore() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let chunks = Mutex([Array("late".utf8), nil])
        let content = AsyncPull { () async throws(StoreError) -> [UInt8]? in
            guard let chunk = chunks.withLock({ $0.removeFirst() }) else {
                do { try await MigrateTests.migrate(feed, to: "/memory/a") } catch {
                    throw StoreError(.failed, "\(error)")
                }
                return nil
            }
            return chunk
        }
        let done = try await feed.publish(content, at: PackagePath("a"), by: "alice")
        #expect(done.outcome == .created)
        #expect(try await feed.record().root == RootURL("/memory/a"))
        #expect(try await feed.text(at: "a") == "late")
    }

    @Test("a writer who finds the feed between the two swaps is told where it goes and how to give that up")
    func held() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("kept", at: "a")
        try await Self.dieWhileHolding(feed, "/memory/a")
        do {
            try await feed.publish("late", at: "b")
            Issue.record("a feed on its way took a package")
        } catch let error as StoreError {
            #expect(error.code == .migrating && error.isRetryable)
            #expect(error.message.contains("/memory/a") && error.message.contains("--abort"))
        }
        #expect(try await feed.text(at: "a") == "kept")
    }

    /// Leaves the feed as a migration does that died after its first swap.
    private static func dieWhileHolding(_ feed: Feed, _ place: String) async throws {
        let bench = feed.store
        let root = try await Root.create(
            RootURL(place), Root.Identity(.feed, feed: feed.name), with: bench.opener
        ).root
        let stored = try await bench.catalog.feed(feed.name)
        var next = stored.body
        next.migration = FeedRecord.Destination(root: try RootURL(place), id: root.id, since: .now, by: "dead")
        next.migration?.run = "dead"
        next.change(to: .migrating, root: next.root, id: next.id)
        _ = try await bench.catalog.replace(stored, with: next)
        _ = try await Lease.take(
            "migrate-\(feed.name)", of: bench.server.storage, node: NodeName("dead-node"), length: .seconds(1))
    }

    @Test("a dead migration is taken over within its lease time, and completed")
    func takeover() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", MigrateTests.mutable)
        try await MigrateTests.fill(feed)
        let before = try await feed.everything()
        try await Self.dieWhileHolding(feed, "/memory/a")
        let epoch = try await feed.record().epoch
        let other = try await bench.reopened().feed("npm")
        #expect(try await MigrateTests.migrate(other, to: "/memory/a").cutover)
        #expect(try await feed.everything() == before)
        // Taking it over lets the writers go, so that they are held only once the copy is made.
        #expect(try await feed.record().epoch == epoch + 3)
    }

    @Test("who takes a dead migration over serves the writers whom it held while he copies")
    func takeoverServesWriters() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", MigrateTests.mutable)
        try await MigrateTests.fill(feed)
        try await Self.dieWhileHolding(feed, "/memory/a")
        let published = Collected<Bool>()
        let destination = try #require(bench.opener[try RootURL("/memory/a")])
        let copying = FaultPlan.once(
            .writeRecord,
            .late {
                do {
                    try await feed.publish("meanwhile", at: "late")
                    published.add(true)
                } catch { Issue.record("\(error)") }
            })
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(destination, plan: copying))
        let other = try await bench.reopened().feed("npm")
        #expect(try await MigrateTests.migrate(other, to: "/memory/a").cutover)
        #expect(published.all == [true])
        #expect(try await feed.text(at: "late") == "meanwhile")
    }

    @Test("a second migration of a feed is refused, and told who is at it")
    func second() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let lease = try await Lease.take(
            "migrate-npm", of: bench.store.server.storage, node: NodeName("web-7"), length: .seconds(60))
        let refusals = [
            try await lease.refusal { try await MigrateTests.migrate(feed, to: "/memory/a") },
            try await lease.refusal { try await MigrateOperation(feed, MigrateTests.options) { _ in }.abort() },
        ]
        for refusal in refusals {
            #expect(refusal?.code == .unavailable && refusal?.message.contains("\"web-7\"") == true)
        }
        #expect(try await feed.record().migration == nil)
        try await lease.hold { () async throws(StoreError) in }
        #expect(try await MigrateTests.migrate(feed, to: "/memory/a").cutover)
    }

    @Test("a feed that is on its way goes nowhere else until that is finished or given up")
    func elsewhere() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("kept", at: "a")
        let operation = MigrateOperation(feed, MigrateTests.options) { _ in }
        await expectError(.notFound) { try await operation.abort() }
        try await Self.dieWhileHolding(feed, "/memory/a")
        let epoch = try await feed.record().epoch
        await expectError(.migrating) { try await MigrateTests.migrate(feed, to: "/memory/b") }
        try await operation.abort()
        let record = try await feed.record()
        #expect(record.migration == nil && record.epoch == epoch + 1)
        try await feed.publish("more", at: "b")
        #expect(try await MigrateTests.migrate(feed, to: "/memory/b").cutover)
        #expect(try await feed.listing() == ["a", "b"])
    }

    @Test("who was paused while another finished the migration takes nothing back")
    func paused() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", MigrateTests.mutable)
        try await feed.publish("old", at: "a")
        try await Self.dieWhileHolding(feed, "/memory/a")
        let late = try await FeedCopy(feed, record: feed.record(), options: MigrateTests.options) { _ in }
        try await MigrateTests.migrate(bench.reopened().feed("npm"), to: "/memory/a")
        try await feed.publish("new", at: "a")
        await expectError(.preconditionFailed) { try await late.pass("copying", .areSecured) }
        await late.close()
        #expect(try await feed.text(at: "a") == "new")
    }
}
