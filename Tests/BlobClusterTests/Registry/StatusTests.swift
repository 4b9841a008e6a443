import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobCluster

@Suite("The cluster at one look, and the removal of a node")
struct StatusTests {
    private let storage = MemoryStorage()
    private let time = JumpingTime()
    private let about = NodeRecord.Description(version: "1")

    private func register(_ name: String) async throws -> NodeRegistration {
        try await NodeRegistration.register(NodeName(name), about, in: storage, clock: time.clock)
    }

    private func read() async throws -> ClusterStatus {
        try await ClusterStatus.read(storage, clock: time.clock)
    }

    @Test("one look tells who is alive and whether somebody plans; a node that seems silent is watched first")
    func survey() async throws {
        #expect(try await read().isGood)
        let first = try await register("web-1")
        _ = try await Lease.claim("planner", of: storage, node: NodeName("web-1"), clock: time.clock)
        let before = time.now
        let status = try await read()
        #expect(status.isGood && status.planner == ClusterStatus.Planner(node: "web-1", term: 1, isHeld: true))
        #expect(time.now == before)
        time.advance(by: .seconds(31))
        let second = try await register("web-2")
        let later = try await read()
        #expect(later.nodes.map(\.state) == [.silent, .alive] && later.planner?.isHeld == false && !later.isGood)
        #expect(time.now == before + .milliseconds(43_500))
        try await second.leave()
        #expect(try await read().nodes.map(\.state) == [.silent, .left])
        _ = first
    }

    @Test("a live node whose clock is wrong by an hour is alive")
    func wrongClock() async throws {
        let slow = JumpingTime()
        let node = try await NodeRegistration.register(NodeName("web-1"), about, in: storage, clock: slow.clock)
        let watching = JumpingTime { [about] in _ = try? await node.beat(about) }
        watching.advance(by: .seconds(3_600))
        #expect(try await ClusterStatus.read(storage, clock: watching.clock).nodes.map(\.state) == [.alive])
    }

    @Test(
        "a live node's record is never forgotten, however long ago it was made; a dead one's is, a day after its death")
    func forgotten() async throws {
        let alive = try await register("web-1")
        _ = try await register("web-2")
        time.advance(by: .seconds(86_300))
        try await alive.beat(about)
        let registry = NodeRegistry(storage, clock: time.clock)
        #expect(try await registry.removeForgotten() == 0)
        time.advance(by: .seconds(101))
        #expect(try await registry.removeForgotten() == 1)
        #expect(try await registry.nodes().map(\.node) == ["web-1"])
    }

    @Test("a silent node is removed after it was watched, one that gives a sign of life is refused, one that left goes")
    func removal() async throws {
        let alive = try await register("web-1")
        _ = try await register("web-2")
        try await register("web-3").leave()
        let beating = JumpingTime { [about] in _ = try? await alive.beat(about) }
        let registry = NodeRegistry(storage, clock: beating.clock)
        await expectError(.invalidArgument) { try await registry.removeOnceSilent(NodeName("web-1")) }
        try await registry.removeOnceSilent(NodeName("web-2"))
        try await registry.removeOnceSilent(NodeName("web-3")) { _ in Issue.record("it was watched") }
        await expectError(.notFound) { try await registry.removeOnceSilent(NodeName("web-4")) }
        #expect(try await registry.nodes().map(\.node) == ["web-1"])
    }
}
