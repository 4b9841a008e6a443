import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

/// A deletion of a former root that is stopped in the middle, while others go on.
@Suite("A former root that is being deleted is nobody's place to go")
struct ClosedPlaceTests {
    private let home: RootURL
    private let bench: Bench
    private let feed: Feed
    private let source: any Storage

    init() async throws {
        bench = try await Bench()
        feed = try await bench.feed("npm", MigrateTests.mutable)
        try await MigrateTests.fill(feed)
        source = try await bench.storage(feed)
        home = bench.url.appending(Catalog.place(feed.name))
        try await MigrateTests.migrate(feed, to: "/memory/a")
    }

    /// With a lease so long that it is not renewed, and so its loss not noticed, while a test stops it.
    private static let options = MigrateOperation.Options(by: "tester", leaseSeconds: 600)

    private func operation(_ feed: Feed) -> MigrateOperation { MigrateOperation(feed, Self.options) { _ in } }

    /// Deletes the source with something else happening before the first removal.
    private func deleteSource(_ meanwhile: @escaping @Sendable () async throws -> Void) async throws {
        let stop = Fault.late {
            // Not cancelled with the deletion when its lease is lost.
            let others = Task { try await meanwhile() }
            if case .failure(let error) = await others.result { Issue.record("\(error)") }
        }
        bench.opener.replace(home, with: FaultStorage(source, plan: .once(.removeObjects, stop)))
        defer { bench.opener.replace(home, with: source) }
        _ = try? await operation(feed).deleteSource()
    }

    @Test("while a deletion is stopped the feed does not come back there, and what it holds elsewhere stays whole")
    func comesNotBack() async throws {
        let before = try await feed.everything()
        let other = try await bench.reopened().feed("npm")
        try await deleteSource { [bench] in
            // The lease of who is stopped runs out, and another is at work.
            try await Self.loseLease(bench)
            await expectError(.alreadyExists) { try await MigrateTests.migrate(other, to: nil, Self.options) }
        }
        #expect(try await feed.record().root == RootURL("/memory/a"))
        #expect(try await feed.everything() == before)
        #expect(try await feed.flaws() == [])
    }

    @Test("also when another completes the deletion meanwhile, the place stays closed to the feed")
    func completedByAnother() async throws {
        let other = try await bench.reopened().feed("npm")
        try await deleteSource { [bench, home, source] in
            bench.opener.replace(home, with: source)
            try await Self.loseLease(bench)
            let closed = try await MigrateOperation(other, Self.options) { _ in }.deleteSource()
            #expect(closed.count == 1)
            do {
                try await MigrateTests.migrate(other, to: nil, Self.options)
                Issue.record("the feed went where another may still delete")
            } catch let error as StoreError {
                #expect(error.code == .alreadyExists && error.message.contains("--reopen"), "\(error)")
            }
        }
        #expect(try await feed.flaws() == [])
    }

    @Test("a feed with a former root is not deleted, since nobody would know of that root any more")
    func deletedFeed() async throws {
        await expectError(.alreadyExists) { try await bench.store.deleteFeed(feed.name, purge: true) }
        try await operation(feed).deleteSource()
        try await bench.store.deleteFeed(feed.name, purge: true)
    }

    @Test("an older version's one former root is known, and kept with the others")
    func olderRecord() async throws {
        let text = """
            {"format":1,"revision":"r","feed":"npm","state":"active","epoch":3,"id":"b","mutable":false,\
            "graceSeconds":5,"created":"2026-01-01T00:00:00Z",\
            "former":{"id":"a","since":"2026-01-01T00:00:00Z","by":"x"}}
            """
        var record = try Document<FeedRecord>(bytes: Array(text.utf8)).body
        #expect(record.formerRoots.map(\.id) == ["a"])
        record.leave(nil, id: "b", by: "y")
        #expect(record.formerRoots.map(\.id) == ["a", "b"])
        #expect(record.former == nil)
    }

    /// Makes the lease look as if its holder had given it back.
    private static func loseLease(_ bench: Bench) async throws {
        _ = try await bench.store.server.storage.update(
            LeaseRecord.key("migrate-npm"), as: LeaseRecord.self
        ) { (record) throws(StoreError) in
            var next = record
            next.holder = nil
            return next
        }
    }
}
