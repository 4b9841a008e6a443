import BlobStoreTesting
import Testing

@testable import BlobStore

/// One fault at each operation of the source, the destination and the catalog in turn.
@Suite struct MigrationFaultTests {
    enum Place: String, CaseIterable { case source, destination, catalog }

    enum Way: CaseIterable { case before, after, cutOff, refused }

    private static func fault(_ way: Way, _ operation: StorageOperation) -> Fault {
        let lost = StoreError(.unavailable, "the connection broke")
        switch way {
        case .before: return .before(lost)
        // Of a record's write, a storage that cannot tell must say so.
        case .after: return .after(operation == .writeRecord ? StoreError(.outcomeUnknown, "no answer") : lost)
        case .cutOff: return .cutOff(after: 3, lost)
        case .refused: return .before(StoreError(.failed, "input/output error"))
        }
    }

    /// A feed whose storages can be told to fail.
    private struct Scene {
        let bench: Bench
        let feed: Feed
        let before: [String]
        private let urls: [Place: RootURL]

        init() async throws {
            bench = try await Bench()
            feed = try await bench.feed("npm", MigrateTests.mutable)
            for number in 0..<3 { try await feed.publish("content \(number)", at: "pkg/\(number)") }
            try await feed.publish("new", at: "pkg/1")
            try await feed.remove(PackagePath("pkg/2"), by: "bob")
            before = try await feed.everything()
            let place = try RootURL("/memory/a")
            _ = try await bench.opener.create(place)
            urls = [.source: bench.url.appending(Catalog.place(feed.name)), .destination: place, .catalog: bench.url]
        }

        /// Migrates with that fault, by a store that has opened nothing yet.
        func migrate(_ place: Place, _ plan: FaultPlan) async throws -> FaultStorage {
            let url = try #require(urls[place])
            let whole = try #require(bench.opener[url])
            let failing = FaultStorage(whole, plan: plan)
            bench.opener.replace(url, with: failing)
            defer { bench.opener.replace(url, with: whole) }
            do {
                try await MigrateTests.migrate(bench.reopened().feed("npm"), to: "/memory/a")
            } catch is StoreError {}
            return failing
        }
    }

    /// How often each operation comes in a migration without faults.
    private func counts(_ place: Place) async throws -> [StorageOperation: Int] {
        let scene = try await Scene()
        let storage = try await scene.migrate(place, FaultPlan { _, _, _ in nil })
        return Dictionary(uniqueKeysWithValues: StorageOperation.allCases.map { ($0, storage.count(of: $0)) })
    }

    @Test(
        "after any fault the feed is whole where the catalog says, and the same migration completes",
        arguments: Place.allCases, Way.allCases)
    func faults(_ place: Place, _ way: Way) async throws {
        var cases = 0
        for (operation, count) in try await counts(place) {
            for occurrence in 0..<count {
                let scene = try await Scene()
                let plan = FaultPlan.once(operation, at: occurrence, Self.fault(way, operation))
                _ = try await scene.migrate(place, plan)
                let label: Comment = "\(way) \(operation) \(occurrence) of the \(place)"
                let store = try await scene.bench.reopened()
                let feed = try await store.feed("npm")
                #expect(try await feed.everything() == scene.before, label)
                #expect(try await feed.flaws() == [], label)
                #expect(try await MigrateTests.migrate(feed, to: "/memory/a").cutover, label)
                #expect(try await feed.everything() == scene.before, label)
                #expect(try await feed.flaws() == [], label)
                #expect(try await feed.record().state == .active, label)
                cases += 1
            }
        }
        #expect(cases > 10)
        print("migration, \(place) fails \(way): \(cases) cases")
    }
}
