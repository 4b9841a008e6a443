import TestSupport
import Testing

@testable import BlobStore

@Suite struct ServerMigrationTests {
    static let place = "/memory/new"

    @discardableResult
    static func migrate(
        _ store: PackageStore, to place: String = place, _ options: MigrateOperation.Options = MigrateTests.options,
        report: @escaping @Sendable (ServerMigration.Event) -> Void = { _ in }
    ) async throws -> ServerMigration.Summary {
        try await ServerMigration(store, options, report: report).run(to: RootURL(place))
    }

    /// A store with two feeds in it and one with a root of its own, and what they hold.
    static func scene(
        _ feeds: [String: String?] = ["npm": nil, "nuget": nil, "maven": "/memory/maven"]
    ) async throws -> (bench: Bench, before: [String: [String]]) {
        let bench = try await Bench()
        for (name, root) in feeds {
            let feed = try await bench.feed(name, FeedPolicy(mutable: true, graceSeconds: 70_000), root: root)
            for number in 0..<3 { try await feed.publish("content \(number)", at: "\(name)/\(number)") }
            try await feed.publish("new", at: "\(name)/1")
            try await feed.remove(PackagePath("\(name)/2"), by: "bob")
        }
        return (bench, try await everything(in: bench.store))
    }

    /// Damages content in a feed that one of its packages needs.
    static func damage(_ name: String, in bench: Bench) async throws {
        let feed = try await bench.reopened().feed(name)
        try await bench.storage(feed).spoil(Digest(of: Array("content 0".utf8)), Array("c0ntent 0".utf8))
    }

    static func everything(in store: PackageStore) async throws -> [String: [String]] {
        var all: [String: [String]] = [:]
        for name in try await store.feeds().flattened() {
            let feed = try await store.feed(name)
            all[name.text] = try await feed.everything()
            #expect(try await feed.flaws() == [], "\(name)")
        }
        return all
    }

    @Test("every feed and the catalog are in the new server root, and the old one sends everybody there")
    func moves() async throws {
        let (bench, before) = try await Self.scene()
        let summary = try await Self.migrate(bench.store)
        #expect(summary.cutover && summary.feeds == 3 && summary.failedFeeds == 0)
        #expect(summary.packages.copied == 6)
        let new = try await PackageStore.open(RootURL(Self.place), node: NodeName("n"), with: bench.opener)
        for store in [new, bench.store, try await bench.reopened()] {
            #expect(try await Self.everything(in: store) == before)
        }
        #expect(try await bench.reopened().url == RootURL(Self.place))
        #expect(try await new.feed("npm").record().root == nil)
        #expect(try await new.feed("maven").record().root == RootURL("/memory/maven"))
        let record = try await new.feed("npm").record()
        #expect(record.mutable && record.graceSeconds == 70_000 && record.state == .active)
        let old = bench.url.appending(Catalog.place(record.feed))
        #expect(record.formerRoots.map(\.root) == [old])
        #expect(try await Self.migrate(bench.store).feeds == 3)
        #expect(try await Self.migrate(bench.reopened()).cutover)
    }

    @Test("a feed that was looked up before is used and changed where it is now")
    func lookedUpBefore() async throws {
        let (bench, _) = try await Self.scene()
        let feed = try await bench.store.feed("npm")
        try await Self.migrate(bench.store)
        try await feed.publish("later", at: "later")
        let new = try await bench.reopened()
        #expect(try await new.feed("npm").text(at: "later") == "later")
        _ = try await bench.store.updateFeed(FeedName("npm"), FeedPolicy(graceSeconds: 9))
        #expect(try await new.feed("npm").record().graceSeconds == 9)
        try await bench.store.deleteFeed(FeedName("maven"), purge: true)
        await expectError(.notFound) { try await new.feed("maven") }
        await expectError(.notFound) { try await bench.store.feed("maven") }
    }

    @Test("a feed that is made by way of the old server root is made in the new one, and found by both")
    func madeAfter() async throws {
        let (bench, _) = try await Self.scene()
        try await Self.migrate(bench.store)
        let made = try await bench.store.createFeed(FeedName("pypi"))
        #expect(made.root == nil)
        let new = try await bench.reopened()
        for store in [bench.store, new] {
            #expect(try await store.feed("pypi").record() == made)
            #expect(try await store.feeds().flattened().map(\.text) == ["maven", "npm", "nuget", "pypi"])
        }
        #expect(try bench.opener[RootURL(Self.place + "/feeds/pypi")] != nil)
    }

    @Test("what the feeds left behind is freed, and a damaged one keeps its former root")
    func freed() async throws {
        let (bench, before) = try await Self.scene()
        try await Self.migrate(bench.store)
        let store = try await bench.reopened()
        try await Self.damage("nuget", in: bench)
        let reported = Collected<String>()
        let summary = try await ServerMigration(store, MigrateTests.options) { event in
            if case .failed(let name, _) = event { reported.add(name.text) }
        }.deleteSources()
        #expect(summary.feeds == 1 && summary.failedFeeds == 1 && reported.all == ["nuget"])
        #expect(try await store.feed("npm").record().formerRoots.isEmpty)
        #expect(try await store.feed("npm").everything() == before["npm"])
        #expect(try await store.feed("nuget").record().formerRoots.count == 1)
    }

    @Test("a dry run counts and writes nothing")
    func dryRun() async throws {
        let (bench, before) = try await Self.scene()
        var options = MigrateTests.options
        options.isDryRun = true
        let summary = try await Self.migrate(bench.store, options)
        #expect(summary.feeds == 3 && summary.packages.copied == 6 && !summary.cutover)
        #expect(try bench.opener[RootURL(Self.place)] == nil)
        #expect(try await ServerHandover.find(in: bench.store.server.storage) == nil)
        #expect(try await Self.everything(in: bench.store) == before)
    }
}
