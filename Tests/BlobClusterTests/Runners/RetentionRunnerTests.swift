import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobCluster
@testable import BlobStore

@Suite("Old versions that nodes delete")
struct RetentionRunnerTests {
    private let places = MemoryPlaces()
    private let time = JumpingTime()
    private let store: PackageStore
    private let feed: Feed

    init() async throws {
        store = try await PackageStore.create(RootURL("/memory/server"), node: NodeName("web-1"), with: places).store
        _ = try await store.createFeed(FeedName("npm"))
        feed = try await store.feed("npm")
        let storage = try await feed.open().storage
        for name in ["a", "b c", "d"] {
            for version in 1...4 {
                let path = try PackagePath("\(name)/\(version)")
                let content = try await ObjectSource(Array(path.text.utf8)).read()
                _ = try await feed.publish(content, at: path, by: "alice")
                let stored: Stored<PackageRecord> = try #require(try await storage.document(path.key))
                var next = stored.body
                next.published = Timestamp(seconds: Int64(version))
                _ = try await storage.replace(path.key, stored, with: next)
            }
        }
    }

    private func finder(_ node: String) throws -> JobFinder {
        let place = JobPlace(
            storage: store.server.storage, node: try NodeName(node), process: node, timing: ClusterTiming(),
            clock: time.clock)
        return JobFinder(place, [RetentionRunner(store)]) { _ in }
    }

    private func submit() async throws -> JobRecord {
        try await JobBoard(store.server.storage, clock: time.clock).submit(
            RetentionRunner(store), RetentionRunner.arguments(feed.name), by: "alice")
    }

    private func work(_ finder: JobFinder) async throws {
        while let found = try await finder.next() { try await found.claim.finish(found.runner.run(found.shard)) }
    }

    private func present() async throws -> [String] {
        try await feed.packages().flattened().map(\.path.text)
    }

    private func set(_ rules: String...) async throws {
        _ = try await store.updateFeed(feed.name, FeedPolicy(retain: try rules.map { try RetentionRule($0) }))
    }

    @Test("one node deletes them in the feed's name, and the job says how many; without a rule nothing happens")
    func deleted() async throws {
        let idle = try await submit()
        try await work(finder("web-1"))
        #expect(try await JobBoard(store.server.storage).job(idle.id)?.result == ["skipped": 1])
        #expect(try await present().count == 12)
        try await set("*=3")
        let job = try await submit()
        #expect(job.kind == "retention" && job.shards.map(\.name) == ["npm"])
        try await work(finder("web-1"))
        let done = try #require(try await JobBoard(store.server.storage).job(job.id))
        #expect(done.result == ["deleted": 3, "bytes": 11, "changed": 0, "failed": 0, "incomplete": 0])
        #expect(try await present().count == 9 && done.outcome == .done)
        #expect(try await feed.log(PackagePath("a/1")).first?.deleted?.by == "retention (web-1)")
    }

    @Test("a dead node's job is resumed behind the last folder that was done, and what it had deleted is counted")
    func resumed() async throws {
        try await set("*=3")
        let job = try await submit()
        let dead = try #require(try await finder("web-1").next())
        dead.shard.note(JobRecord.Progress(done: 8), checkpoint: "8 5 700 1 0 1 b c/4")
        try await dead.claim.renew()
        let next = try finder("web-2")
        try await work(next)
        #expect(try await present().count == 12)
        time.advance(by: .seconds(10))
        try await work(next)
        let done = try #require(try await JobBoard(store.server.storage).job(job.id))
        #expect(done.result == ["deleted": 6, "bytes": 703, "changed": 1, "failed": 0, "incomplete": 1])
        #expect(try await present().count == 11)
        #expect(try await feed.package(at: PackagePath("d/1")) == nil)
        // What it still does is refused: another has the shard.
        await expectError(.preconditionFailed) { try await dead.claim.finish([:]) }
    }

    @Test("a checkpoint is read as it was written; what is none is refused")
    func checkpoints() throws {
        let text = "8 5 700 1 0 1 b  c/4"
        #expect(try RetentionProgress(text).text == text)
        for text in ["", "8 5 700 1 0 1", "8 5 700 1 0 x a", "8 5 700 1 0 -1 a", "8 5 700 1 0 1 /a"] {
            #expect(throws: StoreError.self) { try RetentionProgress(text) }
        }
    }
}
