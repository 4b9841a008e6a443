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

    private func deleteSource(_ feed: Feed) async throws {
        try await MigrateOperation(feed, MigrateTests.options) { _ in }.deleteSource()
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
        #expect(try await feed.record().former == nil)
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
        #expect(try await feed.record().former != nil)
    }

    @Test("a deletion that died at any step is completed by the next")
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
            if isDead {
                let isOver = try await feed.record().former == nil
                bench.opener.replace(url, with: source)
                if !isOver { try await deleteSource(feed) }
            }
            let left = try await everything(in: source)
            #expect(left.isEmpty || left == ["root.json"], "step \(step): \(left)")
            #expect(try await feed.flaws() == [])
            if !isDead { return }
        }
        Issue.record("it never came to an end")
    }
}
