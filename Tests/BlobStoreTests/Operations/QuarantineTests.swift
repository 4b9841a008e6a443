import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// Taking damaged content out of its place while others heal it.
@Suite struct QuarantineTests {
    private static let (good, bad) = ("content", "CONTENT")

    /// A feed whose only blob is damaged, behind a storage that does as the plan says; and another node's view of it.
    private func scene(
        onBuckets: Bool, _ bytes: String = bad, _ plan: @escaping (_ other: Feed) -> FaultPlan
    ) async throws -> (feed: Feed, other: Feed, storage: any Storage, digest: Digest) {
        let bench = try await Bench(onBuckets: onBuckets)
        let other = try await bench.feed("npm", root: "/memory/feed")
        let digest = try await other.publish(Self.good, at: "a").digest
        let storage = try await bench.storage(other)
        try await storage.spoil(digest, Array(bytes.utf8))
        try bench.opener.replace(RootURL("/memory/feed"), with: FaultStorage(storage, plan: plan(other)))
        return (try await bench.reopened().feed("npm"), other, storage, digest)
    }

    private func kept(_ storage: any Storage) async throws -> [String] {
        var kept: [String] = []
        for name in try await storage.names(FeedLayout.quarantine) where !name.hasSuffix(".json") {
            kept.append(String(decoding: try await storage.bytes(Key(name)) ?? [], as: UTF8.self))
        }
        return kept
    }

    @Test("what is healed at any moment of its quarantine stays, and is good", arguments: [false, true])
    func healed(onBuckets: Bool) async throws {
        var moments = 0
        for operation in StorageOperation.allCases {
            // While it is being removed, and only then, a publisher waits for that to be over.
            for occurrence in 0..<(operation == .writeRecord ? 3 : 8) {
                let (feed, _, storage, digest) = try await scene(onBuckets: onBuckets, "short") { other in
                    .once(operation, at: occurrence, .late { await Self.heal(other) })
                }
                try await feed.open().content.quarantine(digest, why: "test", by: "test")
                let beneath = try #require(try await feed.open().storage as? FaultStorage)
                if beneath.count(of: operation) <= occurrence { break }
                moments += 1
                let moment = Comment(rawValue: "healed at \(operation) \(occurrence)")
                #expect(try await storage.bytes(FeedLayout.blob(digest)) == Array(Self.good.utf8), moment)
                #expect(try await kept(storage).contains("short"), moment)
            }
        }
        #expect(moments >= 3)
    }

    private static func heal(_ feed: Feed) async {
        do { try await feed.publish(good, at: "a") } catch { Issue.record("\(error)") }
    }

    @Test("of two that take the same blob away, the second does not take what the first put there")
    func twice() async throws {
        let (feed, _, storage, digest) = try await scene(onBuckets: true) { other in
            FaultPlan { operation, _, occurrence in
                guard operation == .writeRecord, occurrence == 2 else { return nil }
                return .late {
                    do {
                        let content = try await other.open().content
                        try await content.quarantine(Digest(of: Array(Self.good.utf8)), why: "other", by: "other")
                        try await content.putBack(content.stage(ObjectSource(Array(Self.good.utf8)).read()))
                    } catch { Issue.record("\(error)") }
                }
            }
        }
        try await feed.open().content.quarantine(digest, why: "test", by: "test")
        #expect(try await storage.bytes(FeedLayout.blob(digest)) == Array(Self.good.utf8))
        #expect(try await feed.open().content.marker(digest)?.body.state == CollectionMarker.State.none)
    }

    @Test("what cannot be hashed once it is moved goes back to where it was found")
    func unknown() async throws {
        let (feed, _, storage, digest) = try await scene(onBuckets: false) { _ in
            FaultPlan { operation, key, _ in
                operation == .readObject && key?.hasPrefix("quarantine/") == true
                    ? .before(StoreError(.unavailable, "no answer")) : nil
            }
        }
        await expectError(.unavailable) {
            try await feed.open().content.quarantine(digest, why: "test", by: "test")
        }
        #expect(try await storage.bytes(FeedLayout.blob(digest)) == Array(Self.bad.utf8))
        #expect(try await kept(storage) == [])
    }
}
