import TestSupport
import Testing

@testable import BlobCluster

@Suite("Secrets that all nodes share")
struct SecretTests {
    private let storage = MemoryStorage()
    private let time = JumpingTime()

    private func ring() async throws -> SecretRing {
        try await SecretRing.open(storage, node: NodeName("web-1"), clock: time.clock)
    }

    private func register(_ name: String, _ ring: SecretRing) async throws -> NodeRegistration {
        var about = NodeRecord.Description(version: "1")
        about.secrets = try ring.known
        return try await NodeRegistration.register(NodeName(name), about, in: storage, clock: time.clock)
    }

    @Test("all nodes find the same secret, and their fingerprints agree without showing it")
    func same() async throws {
        let (first, second) = (try await ring(), try await ring())
        #expect(first.current.id == second.current.id && first.current.bytes == second.current.bytes)
        #expect(try first.known == second.known)
        let hex = first.current.bytes.map { String($0, radix: 16) }.joined()
        #expect(try !first.known.fingerprint.contains(hex) && !"\(first.current)".contains(hex))
    }

    @Test("a new secret is used only once every live node knows it, and the former one still verifies")
    func rotation() async throws {
        let (first, second) = (try await ring(), try await ring())
        let former = first.current.id
        let registration = try await register("web-2", second)
        let registry = NodeRegistry(storage, clock: time.clock)
        let new = try await first.add(by: NodeName("web-1"))
        #expect(try await !first.promote(ifKnownTo: registry.nodes()) && first.current.id == former)
        await expectError(.alreadyExists) { try await first.add(by: NodeName("web-1")) }
        try await second.refresh()
        var about = NodeRecord.Description(version: "1")
        about.secrets = try second.known
        try await registration.beat(about)
        #expect(try await first.promote(ifKnownTo: registry.nodes()) && first.current.id == new)
        #expect(try await second.secret(new)?.bytes == first.current.bytes)
        #expect(try await first.secret(former) != nil)
        await expectError(.invalidArgument) { try await first.remove(new) }
        try await first.remove(former)
        #expect(try await first.secret(former) == nil)
    }

    @Test("a silent node holds up no rotation, one whose record cannot be read does")
    func silent() async throws {
        let first = try await ring()
        _ = try await register("web-2", first)
        let registry = NodeRegistry(storage, clock: time.clock)
        _ = try await registry.nodes()
        _ = try await first.add(by: NodeName("web-1"))
        time.advance(by: .seconds(31))
        let key = NodeRecord.key(try NodeName("web-0"))
        let version = try await storage.writeRecord(key, Array("{".utf8), expecting: .absent)
        await expectError(.corrupt) { try await first.promote(ifKnownTo: registry.nodes()) }
        _ = version
        try await storage.removeRecord(key)
        #expect(try await first.promote(ifKnownTo: registry.nodes()))
    }

    @Test("a node that was cut off during a rotation finds the new secret when it meets it, at one look a second")
    func unknown() async throws {
        let (first, second) = (try await ring(), try await ring())
        let new = try await first.add(by: NodeName("web-1"))
        #expect(try await second.secret(new) == nil)
        time.advance(by: .seconds(1))
        #expect(try await second.secret(new) != nil)
    }
}
