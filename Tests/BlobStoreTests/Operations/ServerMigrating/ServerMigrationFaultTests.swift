import BlobStoreTesting
import Testing

@testable import BlobStore

/// One fault at each operation of the old and of the new server root in turn, and nodes at work meanwhile.
@Suite struct ServerMigrationFaultTests {
    enum Place: CaseIterable { case old, new }

    enum Way: CaseIterable { case before, after }

    private static func fault(_ way: Way, _ operation: StorageOperation) -> Fault {
        switch way {
        case .before: .before(StoreError(.failed, "input/output error"))
        case .after:
            .after(StoreError(operation == .writeRecord ? .outcomeUnknown : .unavailable, "the connection broke"))
        }
    }

    private func scene() async throws -> (bench: Bench, before: [String: [String]]) {
        try await ServerMigrationTests.scene(["npm": nil, "maven": "/memory/maven"])
    }

    /// Migrates with that fault, by a store that has opened nothing yet.
    private func migrate(_ bench: Bench, _ place: Place, _ plan: FaultPlan) async throws -> FaultStorage {
        let url = place == .old ? bench.url : try RootURL(ServerMigrationTests.place)
        let whole = try await bench.opener.create(url, inside: nil)
        let failing = FaultStorage(whole, plan: plan)
        bench.opener.replace(url, with: failing)
        defer { bench.opener.replace(url, with: whole) }
        do { try await ServerMigrationTests.migrate(bench.reopened()) } catch is StoreError {}
        return failing
    }

    @Test(
        "after any fault every feed is whole by either server root, and the same command completes",
        arguments: Place.allCases, Way.allCases)
    func faults(_ place: Place, _ way: Way) async throws {
        let storage = try await migrate(
            scene().bench, place, FaultPlan { _, _, _ in nil })
        var cases = 0
        for operation in StorageOperation.allCases {
            for occurrence in 0..<storage.count(of: operation) {
                let (bench, before) = try await scene()
                let plan = FaultPlan.once(operation, at: occurrence, Self.fault(way, operation))
                _ = try await migrate(bench, place, plan)
                let label: Comment = "\(way) \(operation) \(occurrence) of the \(place) server root"
                #expect(try await ServerMigrationTests.everything(in: bench.store) == before, label)
                #expect(try await ServerMigrationTests.migrate(bench.store).cutover, label)
                #expect(try await ServerMigrationTests.everything(in: bench.reopened()) == before, label)
                cases += 1
            }
        }
        #expect(cases > 10)
        print("server migration, the \(place) server root fails \(way): \(cases) cases")
    }

    @Test("nothing that was reported published or set is lost while the server root moves on and on")
    func others() async throws {
        let (bench, _) = try await ServerMigrationTests.scene()
        let reported = Collected<(String, Int)>()
        let grace = Collected<Int64>()
        let over = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<3 {
                group.addTask {
                    let feed = try await bench.reopened(as: "web-\(publisher)").feed("npm")
                    for round in 0..<5_000 where !over.isOpen {
                        let path = "p\(publisher)/\(round % 20)"
                        guard try await Self.succeeds({ try await feed.publish("\(round)", at: path) }) else {
                            continue
                        }
                        reported.add((path, round))
                    }
                }
            }
            group.addTask {
                let store = try await bench.reopened(as: "admin")
                for round in 1..<5_000 where !over.isOpen {
                    let policy = FeedPolicy(graceSeconds: Int64(round))
                    guard try await Self.succeeds({ _ = try await store.updateFeed(FeedName("npm"), policy) }) else {
                        continue
                    }
                    grace.add(Int64(round))
                }
            }
            group.addTask {
                var store = bench.store
                for place in ["/memory/b", "/memory/c", "/memory/d"] {
                    #expect(try await ServerMigrationTests.migrate(store, to: place).cutover)
                    store = try await bench.reopened()
                }
                over.open()
            }
            try await group.waitForAll()
        }
        let feed = try await bench.reopened().feed("npm")
        for (path, round) in Dictionary(reported.all, uniquingKeysWith: { $1 }) {
            // A later one that was not reported may have been published all the same.
            let found = try #require(try await feed.text(at: path).flatMap { Int($0) }, "\(path)")
            #expect(found >= round, "\(path)")
        }
        #expect(try await feed.record().graceSeconds == grace.all.last ?? 70_000)
        #expect(try await feed.flaws() == [])
        #expect(!reported.all.isEmpty)
    }

    /// Whether it was reported done; while something is on its way it may not be.
    private static func succeeds(_ work: () async throws -> Void) async throws -> Bool {
        do {
            try await work()
            return true
        } catch let error as StoreError
            where [.migrating, .unavailable, .preconditionFailed, .outcomeUnknown].contains(error.code)
        {
            await Task.yield()
            return false
        }
    }
}
