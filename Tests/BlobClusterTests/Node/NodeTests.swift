import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobCluster
@testable import BlobStore

@Suite("A node of a store")
struct NodeTests {
    private let places = MemoryPlaces()

    private func store(_ node: String = "web-1") async throws -> PackageStore {
        let url = try RootURL("/memory/server")
        return try await PackageStore.create(url, node: NodeName(node), with: places).store
    }

    /// A node with the kinds that come with the module, in a hurry.
    private func node(_ store: PackageStore, _ schedules: [Schedule] = []) async throws -> ClusterNode {
        var options = ClusterNode.Options(about: NodeRecord.Description(version: "1"))
        options.schedules = schedules
        options.timing.jobLook = .milliseconds(20)
        options.timing.heartbeat = .milliseconds(20)
        options.timing.leaseLook = .milliseconds(20)
        let runners: [any JobRunner] = [CheckRunner(store), CollectRunner(store), CleanUpRunner(store)]
        return try await ClusterNode.open(store, runners: runners, options)
    }

    @Test("a node checks, collects and cleans up when it is asked to, and leaves when it is stopped")
    func jobs() async throws {
        let store = try await store()
        _ = try await store.createFeed(FeedName("npm"), FeedPolicy())
        let feed = try await store.feed("npm")
        _ = try await feed.publish(
            ObjectSource(Array("hello".utf8)).read(), at: PackagePath("a/b.tgz"), by: "alice")
        let (node, board) = (try await node(store), JobBoard(store.server.storage))
        let running = Task { try await node.run() }
        let check = try await board.submit(CheckRunner(store), ["content": "all"], by: "alice")
        let collection = try await board.submit(CollectRunner(store), ["delete": "yes"], by: "alice")
        let cleaning = try await board.submit(CleanUpRunner(store), by: "alice")
        let ids = [check.id, collection.id, cleaning.id]
        let isDone = try await eventually {
            for id in ids where try await board.job(id)?.outcome == nil { return false }
            return true
        }
        #expect(isDone)
        let jobs = try await board.jobs()
        #expect(jobs.allSatisfy { $0.outcome == .done }, "\(jobs)")
        let shards = try #require(jobs.first { $0.kind == "check" }?.shards)
        let total = shards.reduce(into: [:]) { $0.merge($1.result ?? [:], uniquingKeysWith: +) }
        #expect(total["packages"] == 1 && total["bytesRead"] == 5 && total["errors"] == 0)
        #expect(shards.count == 17 && total["incomplete"] == 0)
        running.cancel()
        try await running.value
        #expect(try await node.registry.nodes().map(\.state) == [.left])
        let watch = try await Lease.claim("planner", of: store.server.storage, node: NodeName("web-2"))
        #expect(watch != nil)
    }

    @Test("what is scheduled is planned once by whoever plans, and done")
    func schedule() async throws {
        let store = try await store()
        _ = try await store.createFeed(FeedName("npm"), FeedPolicy())
        let schedules = [try Schedule("scrub", kind: "check", every: .seconds(86_400))]
        let (first, second) = (
            try await node(store, schedules),
            try await node(
                PackageStore(
                    store.server, node: NodeName("web-2"), opener: places), schedules)
        )
        let board = JobBoard(store.server.storage)
        let running = [first, second].map { node in Task { try await node.run() } }
        #expect(try await eventually { try await board.job("scrub-1")?.outcome == .done })
        #expect(await eventually { first.standing.planner != nil && second.standing.planner == first.standing.planner })
        for task in running { task.cancel() }
        for task in running { try await task.value }
        #expect(try await board.jobs().map(\.id) == ["scrub-1"])
    }

    @Test("another node's shard goes on while one node is stopped in the middle of it")
    func handedBack() async throws {
        let store = try await store()
        let board = JobBoard(store.server.storage)
        let (begun, isBegun) = AsyncStream<Void>.makeStream()
        let slow = JobTests.Runner { shard async throws(StoreError) in
            shard.note(JobRecord.Progress(done: 3), checkpoint: "three")
            isBegun.yield()
            // Ends when the task is cancelled.
            for await _ in AsyncStream<Void>.makeStream().stream {}
            throw StoreError(.cancelled, "stopped")
        }
        var options = ClusterNode.Options(about: NodeRecord.Description(version: "1"))
        options.timing.jobLook = .milliseconds(20)
        let job = try await board.submit(slow, by: "alice")
        let node = try await ClusterNode.open(store, runners: [slow], options)
        let running = Task { try await node.run() }
        for await _ in begun { break }
        running.cancel()
        try await running.value
        let shard = try #require(try await board.job(job.id)?.shards.first)
        #expect(shard.state == .waiting && shard.checkpoint == "three" && shard.attempts == 0)
    }

    @Test("a root's health costs one request, and tells a root that is away from one that is another")
    func health() async throws {
        let store = try await store()
        let before = places.requests(store.url)
        #expect(await RootHealth.ofServer(store) == .good)
        #expect(places.requests(store.url) - before == 1)
        let away = StoreError(.unavailable, "no answer")
        places.fail(away)
        guard case .unreachable = await RootHealth.ofServer(store) else { return #expect(Bool(false)) }
        places.fail(nil)
        try await store.server.storage.removeRecord(FeedLayout.marker)
        guard case .wrong = await RootHealth.ofServer(store) else { return #expect(Bool(false)) }
    }
}
