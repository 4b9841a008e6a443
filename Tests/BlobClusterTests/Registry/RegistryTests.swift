import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobCluster

@Suite("The registry of nodes")
struct RegistryTests {
    private let storage = MemoryStorage()
    private let time = JumpingTime()
    private let about = NodeRecord.Description(version: "1")

    private func register(_ name: String, _ time: JumpingTime? = nil) async throws -> NodeRegistration {
        try await NodeRegistration.register(NodeName(name), about, in: storage, clock: (time ?? self.time).clock)
    }

    private var registry: NodeRegistry { NodeRegistry(storage, clock: time.clock) }

    @Test("a node is alive while it beats, then silent, and left when it leaves")
    func states() async throws {
        let (first, second) = (try await register("web-1"), try await register("web-2"))
        let registry = registry
        #expect(try await registry.nodes().map(\.state) == [.alive, .alive])
        for _ in 0..<4 {
            time.advance(by: .seconds(10))
            try await first.beat(about)
            _ = try await registry.nodes()
        }
        #expect(try await registry.nodes().map(\.state) == [.alive, .silent])
        #expect(try await registry.nodes().map(\.age) == [.zero, .seconds(40)])
        try await first.leave()
        #expect(try await registry.nodes().map(\.state) == [.left, .silent])
        _ = second
    }

    @Test("a second process with the same name is refused while the first one is alive")
    func refused() async throws {
        let first = try await register("web-1")
        let beating = JumpingTime { [about] in _ = try? await first.beat(about) }
        await expectError(.alreadyExists) { try await register("web-1", beating) }
        try await first.beat(about)
    }

    @Test(
        "after a crash the name is free once the silence is over; a process that wakes then learns that it is replaced")
    func replaced() async throws {
        let first = try await register("web-1")
        let start = time.now
        let second = try await register("web-1")
        #expect(time.now - start >= .seconds(30) && first.process != second.process)
        await expectError(.alreadyExists) { try await first.beat(about) }
        await expectError(.alreadyExists) { try await first.leave() }
        try await second.beat(about)
        #expect(try await registry.nodes().map(\.record?.process) == [second.process])
    }

    @Test("after an orderly end the name is free at once")
    func left() async throws {
        try await register("web-1").leave()
        let start = time.now
        _ = try await register("web-1")
        #expect(time.now == start)
    }

    @Test("a live node that was removed enters itself again, and only what is silent may be removed")
    func removal() async throws {
        let node = try await register("web-1")
        let registry = registry
        await expectError(.invalidArgument) { try await registry.remove(NodeName("web-1")) }
        time.advance(by: .seconds(31))
        try await registry.remove(NodeName("web-1"))
        #expect(try await registry.nodes().isEmpty)
        try await node.beat(about)
        #expect(try await registry.nodes().count == 1)
    }

    @Test("a heartbeat whose answer was lost is no other process's")
    func lostAnswer() async throws {
        let late = StoreError(.unavailable, "no answer within 20 s")
        let storage = FaultStorage(MemoryStorage(), plan: .once(.writeRecord, at: 1, .after(late)))
        let node = try await NodeRegistration.register(NodeName("web-1"), about, in: storage, clock: time.clock)
        await expectError(.unavailable) { try await node.beat(about) }
        try await node.beat(about)
    }

    @Test("a record that cannot be read is unknown, and hides no other node")
    func garbled() async throws {
        _ = try await register("web-1")
        let key = NodeRecord.key(try NodeName("web-0"))
        _ = try await storage.writeRecord(key, Array("{".utf8), expecting: .absent)
        let nodes = try await registry.nodes()
        #expect(nodes.map(\.node) == ["web-0", "web-1"] && nodes[1].state == .alive)
        guard case .unknown = nodes[0].state else { return #expect(Bool(false)) }
    }

    @Test("nodes that differ in their version or settings are told")
    func drift() async throws {
        var other = about
        other.version = "2"
        _ = try await register("web-1")
        _ = try await NodeRegistration.register(NodeName("web-2"), other, in: storage, clock: time.clock)
        let drift = Drift.among(try await registry.nodes())
        #expect(drift == [Drift(aspect: .version, nodes: ["1": ["web-1"], "2": ["web-2"]])])
    }
}
