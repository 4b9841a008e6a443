import BlobBackends
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import BlobStore

@Suite("Where a feed may go")
struct DestinationTests {
    private let folder = TemporaryFolder()
    private let bench: Bench
    private let feed: Feed

    init() async throws {
        bench = try await Bench()
        feed = try await bench.feed("npm", root: folder.path + "/live")
        try await feed.publish("kept", at: "a")
    }

    private func expectRefusal(_ code: StoreError.Code = .invalidArgument, of place: String) async throws {
        let before = try await feed.record()
        await expectError(code) { try await MigrateTests.migrate(feed, to: place) }
        var options = MigrateTests.options
        options.isDryRun = true
        await expectError(code) { try await MigrateTests.migrate(feed, to: place, options) }
        #expect(try await feed.record() == before)
    }

    @Test("not into its own root, nor around it, by whatever name", arguments: ["/live/blobs/sub", "", "/link/sub"])
    func ownRoot(_ place: String) async throws {
        #expect(symlink(folder.path + "/live", folder.path + "/link") == 0)
        try await expectRefusal(of: folder.path + place)
    }

    @Test("not to its own root by another name")
    func alias() async throws {
        #expect(symlink(folder.path + "/live", folder.path + "/link") == 0)
        try await expectRefusal(.alreadyExists, of: folder.path + "/link")
        let empty = try await bench.feed("empty", root: folder.path + "/empty")
        #expect(symlink(folder.path + "/empty", folder.path + "/other") == 0)
        await expectError(.alreadyExists) { try await MigrateTests.migrate(empty, to: folder.path + "/other") }
    }

    @Test("not into another feed's root, nor into the server root elsewhere than at the feed's own place")
    func otherRoots() async throws {
        _ = try await bench.feed("pypi", root: folder.path + "/pypi")
        try await expectRefusal(of: folder.path + "/pypi/packages/x")
        try await expectRefusal(of: "/memory/server/x")
        try await expectRefusal(of: "/memory/server/feeds/pypi")
        try await expectRefusal(of: "/memory/server/feeds/npm/x")
        #expect(try await MigrateTests.migrate(feed, to: "/memory/server/feeds/npm").cutover)
        #expect(try await feed.record().root == nil)
    }

    @Test("not into a root of another store, nor to one that another store made, though it is empty")
    func otherStore() async throws {
        let url = try RootURL(folder.path + "/elsewhere")
        let other = try await PackageStore.create(url, node: NodeName("tester"), with: bench.opener).store
        try await expectRefusal(of: folder.path + "/elsewhere/feeds/npm")
        _ = try await other.createFeed(FeedName("npm"), root: RootURL(folder.path + "/theirs"))
        try await expectRefusal(.alreadyExists, of: folder.path + "/theirs")
        await other.close()
    }

    @Test("to a root that this store made for the feed, and died before it noted that")
    func madeAndDied() async throws {
        let place = try RootURL(folder.path + "/made")
        let identity = Root.Identity(.feed, feed: feed.name, server: bench.store.rootID)
        await (try Root.create(place, identity, with: bench.opener)).root.storage.close()
        #expect(try await MigrateTests.migrate(feed, to: folder.path + "/made").cutover)
    }

    @Test("a former root that came to stand in the feed's root, or around it, is not deleted")
    func nested() async throws {
        for (former, live) in [("/live", "/live/blobs/sub"), ("/outer/x", "/outer")] {
            let name = former == "/live" ? "inner" : "outer"
            let feed = try await bench.feed(name, root: folder.path + "/\(name)" + former)
            try await feed.publish("kept", at: "a")
            try await Self.force(feed, to: RootURL(folder.path + "/\(name)" + live))
            await expectError(.invalidArgument) {
                try await MigrateOperation(feed, MigrateTests.options) { _ in }.deleteSource()
            }
            #expect(try await feed.text(at: "a") == "kept")
        }
    }

    /// Moves a feed where no migration takes it.
    private static func force(_ feed: Feed, to place: RootURL) async throws {
        let bench = feed.store
        let identity = Root.Identity(.feed, feed: feed.name)
        let storage = try await bench.opener.create(place)
        let marker = RootMarker(.feed, feed: feed.name)
        _ = try await storage.create(FeedLayout.marker, marker)
        let root = Root(url: place, storage: storage, marker: marker)
        try identity.check(marker, at: place)
        _ = try await bench.server.storage.update(Catalog.key(feed.name), as: FeedRecord.self) {
            (record) throws(StoreError) in
            var next = record
            next.leave(record.root, id: record.id, by: "x")
            next.change(to: .active, root: place, id: root.id)
            return next
        }
        try await feed.publish("kept", at: "a")
    }

    @Test("how places lie to each other is told by their names, and of buckets by bucket, prefix and endpoint")
    func relations() throws {
        let cases: [(String, String, RootURL.Relation)] = [
            ("/a/b", "/a/b", .same), ("/a/b/c", "/a/b", .inside), ("/a", "/a/b", .around), ("/a/bc", "/a/b", .apart),
            ("/", "/a", .around), ("s3://b/x", "s3://b/x/y", .around), ("s3://b/xy", "s3://b/x", .apart),
            ("s3://b/x/y", "s3://b/x", .inside), ("s3://b", "s3://b/x", .around), ("s3://b/x", "s3://c/x", .apart),
            ("s3://b/x?endpoint=http://one", "s3://b/x?endpoint=http://two", .apart),
            ("s3://b/x?endpoint=http://one/", "s3://b/x?endpoint=http://ONE", .same),
            ("s3://b/x?endpoint=http://one", "s3://b/x", .same), ("/b/x", "s3://b/x", .apart),
        ]
        let schemes = Backends().schemes
        for (mine, theirs, relation) in cases {
            #expect(try schemes.relation(of: RootURL(mine), to: RootURL(theirs)) == relation, "\(mine) to \(theirs)")
        }
    }
}
