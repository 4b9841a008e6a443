import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite struct UnflushedCopyTests {
    /// A destination where each write of a package record ends without a flush that is known to have worked.
    private func destination(flushes: Bool) -> FaultStorage {
        let unknown = StoreError(.outcomeUnknown, "the flush of the folder failed")
        return FaultStorage(
            MemoryStorage(address: "/memory/new"),
            plan: FaultPlan { operation, key, _ in
                guard key?.hasPrefix("packages/") == true else { return nil }
                switch operation {
                case .writeRecord: return .after(unknown)
                case .flushRecord: return flushes ? nil : .before(unknown)
                default: return nil
                }
            })
    }

    @Test("a copied record that can be read, but is not known to be flushed, is not taken for copied")
    func doubt() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed(root: "/memory/old")
        try await feed.publish("content", at: "a")
        let new = try RootURL("/memory/new")
        bench.opener.replace(new, with: destination(flushes: false))
        await expectError(.outcomeUnknown) {
            _ = try await MigrateOperation(feed, .init(by: "mover")) { _ in }.run(to: new)
        }
        #expect(try await feed.record().root == RootURL("/memory/old"))
        #expect(try await bench.reopened().feed("npm").text(at: "a") == "content")
    }

    @Test("one that a second flush makes durable is copied")
    func settled() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed(root: "/memory/old")
        try await feed.publish("content", at: "a")
        let new = try RootURL("/memory/new")
        let storage = destination(flushes: true)
        bench.opener.replace(new, with: storage)
        let summary = try await MigrateOperation(feed, .init(by: "mover")) { _ in }.run(to: new)
        #expect(summary.copied == 1 && summary.cutover)
        #expect(storage.count(of: .flushRecord) > 0)
    }
}
