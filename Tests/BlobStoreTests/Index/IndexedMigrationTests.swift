import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("A migration between buckets, with an index of records")
struct IndexedMigrationTests {
    /// A feed that was imported, and an empty bucket for it.
    private func prepared(_ count: Int) async throws -> (feed: IndexedFeed, there: CountedBucket) {
        let feed = try await IndexedFeed(count, policy: FeedPolicy(mutable: true))
        _ = try await feed.importing()
        let there = CountedBucket()
        feed.bench.opener.replace(try RootURL("/memory/b"), with: there)
        _ = (feed.bucket.take(), there.take())
        return (feed, there)
    }

    @Test("takes three requests a package and a little, reads no record twice, and leaves an index behind")
    func requests() async throws {
        let (feed, there) = try await prepared(600)
        #expect(try await MigrateTests.migrate(feed.feed, to: "/memory/b").copied == 600)
        let requests = (feed.bucket.take(), there.take())
        #expect(Double(requests.0.sum + requests.1.sum) / 600 <= 3.2, "\(requests)")
        #expect(requests.0["get packages"] == nil, "\(requests)")
        try await feed.check()
        #expect(there.take()["get packages"] == nil)
        #expect(try await feed.feed.flaws() == [])
    }

    @Test("reads while writers are held what is new, also what replaces a record that was copied")
    func news() async throws {
        let (feed, there) = try await prepared(300)
        let writer = try await feed.bench.reopened(as: "writer").feed("npm")
        let plan = FaultPlan { operation, key, _ in
            guard operation == .writeRecord, key?.hasPrefix("packages/6/p6.json") == true else { return nil }
            return .late {
                _ = try? await writer.publish("other", at: "0/p0")
                _ = try? await writer.publish("new", at: "0/new")
                _ = try? await writer.remove(PackagePath("1/p1"), by: "bob")
            }
        }
        feed.bench.opener.replace(try RootURL("/memory/b"), with: FaultStorage(there, plan: plan))
        #expect(try await MigrateTests.migrate(feed.feed, to: "/memory/b").cutover)
        let moved = try await feed.bench.reopened().feed("npm")
        #expect(try await moved.text(at: "0/p0") == "other")
        #expect(try await moved.text(at: "0/new") == "new")
        #expect(try await moved.text(at: "1/p1") == nil)
        #expect(try await moved.text(at: "2/p2") == "content 2")
        #expect(feed.bucket.take()["get packages"] ?? 0 <= 12)
    }

    @Test("reads every record once more where listings are not known to show each write at once")
    func lagging() async throws {
        let (feed, _) = try await prepared(300)
        feed.bucket.answer(nil)
        #expect(try await MigrateTests.migrate(feed.feed, to: "/memory/b").cutover)
        #expect(feed.bucket.take()["get packages"] == 600)
    }
}
