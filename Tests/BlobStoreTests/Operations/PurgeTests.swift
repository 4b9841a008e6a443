import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

/// Removing from quarantine what nothing needs, in any storage, and while something fails.
@Suite struct PurgeTests {
    /// A feed with two packages, the content of one of them damaged and in quarantine.
    private func scene(onBuckets: Bool) async throws -> (bench: Bench, feed: Feed, digest: Digest) {
        let bench = try await Bench(onBuckets: onBuckets)
        let feed = try await bench.feed("npm", root: "/memory/feed")
        let digest = try await feed.publish("content", at: "a").digest
        try await feed.publish("other", at: "b")
        try await bench.storage(feed).spoil(digest, Array("CONTENT".utf8))
        try await feed.open().content.quarantine(digest, why: "test", by: "test")
        return (bench, feed, digest)
    }

    private func purge(
        _ feed: Feed, includesNeeded: Bool = false
    ) async throws -> (QuarantineOperation.Summary, [QuarantinedContent.State]) {
        let states = Collected<QuarantinedContent.State>()
        let removing = QuarantineOperation.Removing(
            shortestAge: .zero, includesNeeded: includesNeeded, by: "test")
        let summary = try await QuarantineOperation(feed, .init(removing: removing)) { event in
            switch event {
            case .kept(let content), .removed(let content): states.add(content.state)
            case .progress, .failed, .unreadable: break
            }
        }.run()
        return (summary, states.all)
    }

    @Test("the last copy stays until a good one is in place", arguments: [false, true])
    func lastCopy(onBuckets: Bool) async throws {
        let (bench, feed, digest) = try await scene(onBuckets: onBuckets)
        let storage = try await bench.storage(feed)
        let (first, states) = try await purge(feed)
        #expect(first.removed.count == 0 && first.kept.count == 1 && states == [.needed])
        #expect(try await storage.names(FeedLayout.quarantine).count == 2)
        try await feed.publish("content", at: "a")
        let (second, replaced) = try await purge(feed)
        #expect(second.removed.count == 1 && replaced == [.replaced])
        #expect(try await storage.names(FeedLayout.quarantine) == [])
        #expect(try await storage.bytes(FeedLayout.blob(digest)) == Array("content".utf8))
    }

    @Test("what cannot be read is not removed for that, even where damaged content may go")
    func unreadable() async throws {
        let (bench, _, _) = try await scene(onBuckets: false)
        let url = try RootURL("/memory/feed")
        let storage = try #require(bench.opener[url])
        let plan = FaultPlan { operation, key, _ in
            operation == .readObject && key?.hasPrefix("quarantine/") == true
                ? .before(StoreError(.failed, "the disk failed")) : nil
        }
        bench.opener.replace(url, with: FaultStorage(storage, plan: plan))
        let (summary, states) = try await purge(
            try await bench.reopened().feed("npm"), includesNeeded: true)
        #expect(summary.failed == 1 && summary.removed.count == 0 && states == [])
        #expect(try await storage.names(FeedLayout.quarantine).count == 2)
    }

    @Test("content is found in a bucket by the beginning of its digest", arguments: [false, true])
    func find(onBuckets: Bool) async throws {
        let (_, feed, digest) = try await scene(onBuckets: onBuckets)
        let contents = Collected<FoundContent>()
        let packages = Collected<String>()
        let prefix = try DigestPrefix(String(digest.hex.prefix(12)))
        let summary = try await FindOperation([prefix], in: feed) { event in
            switch event {
            case .found(let package): packages.add(package.path.text)
            case .content(let content): contents.add(content)
            case .progress, .failed: break
            }
        }.run()
        #expect(summary.named == [prefix] && packages.all == ["a"])
        let expected = FoundContent(digest: digest, size: nil, retired: 0, quarantined: 1, packages: 1)
        #expect(contents.all == [expected])
    }
}
