import Testing

@testable import BlobStore

@Suite("A migration back to a bucket tells the collectors there what is wanted")
struct SettlingTests {
    private let bench: Bench
    private let feed: Feed
    private let home: ContentStore

    init() async throws {
        bench = try await Bench(onBuckets: true)
        feed = try await bench.feed("npm", FeedPolicy(graceSeconds: 0))
        home = ContentStore(try await bench.storage(feed))
    }

    /// The feed goes away and comes back; a collector at home was stopped before his swap to `deleting`.
    private func comeBack(_ digest: Digest, _ meanwhile: () async throws -> Void = {}) async throws {
        try await MigrateTests.migrate(feed, to: "/memory/a")
        let condemned = try #require(try await home.swap(home.marker(digest), digest, to: .condemned))
        try await meanwhile()
        try await MigrateTests.migrate(feed, to: nil)
        #expect(try await home.marker(digest)?.body.state == CollectionMarker.State.none)
        #expect(try await home.swap(condemned, digest, to: .deleting) == nil, "the collector goes on")
        #expect(try await feed.flaws() == [])
    }

    @Test("for a record that stands there unchanged")
    func unchanged() async throws {
        try await comeBack(try await feed.publish("kept", at: "a").digest)
    }

    @Test("for content that is there already, and a record that is new")
    func newRecord() async throws {
        let digest = try Digest(of: Array("kept".utf8))
        _ = try await home.storage.writeObject(FeedLayout.blob(digest), ObjectSource(Array("kept".utf8)))
        try await comeBack(digest) { try await feed.publish("kept", at: "a") }
        #expect(try await feed.text(at: "a") == "kept")
    }
}
