import TestSupport
import Testing

@testable import BlobStore

@Suite("What nodes share comes along when the server root moves")
struct ServerMigrationClusterTests {
    private let bench: Bench

    init() async throws {
        bench = try await Bench()
        try await bench.feed().publish("content", at: "a")
    }

    private func write(_ name: String, _ revisions: [String], _ storage: any Storage) async throws {
        let key = try Key("cluster/\(name).json")
        let ancestors = revisions.dropFirst().map { "\"\($0)\"" }.joined(separator: ",")
        let text =
            "{\"format\":1,\"revision\":\"\(revisions[0])\",\"ancestors\":[\(ancestors)],\"said\":\"by \(name)\"}"
        let present = try await storage.readRecord(key)
        _ = try await storage.writeRecord(
            key, Array(text.utf8), expecting: present.map { .version($0.version) } ?? .absent)
    }

    private func read(_ name: String, _ storage: any Storage) async throws -> String? {
        try await storage.readRecord(Key("cluster/\(name).json")).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test("keys and secrets are as they were, and jobs, nodes and leases stay behind")
    func carried() async throws {
        let old = bench.store.server.storage
        for name in ["secrets", "keys/1", "keys/2", "jobs/1", "nodes/1"] { try await write(name, ["r"], old) }
        try await ServerMigrationTests.migrate(bench.store)
        let new = try await bench.reopened().server.storage
        for name in ["secrets", "keys/1", "keys/2"] {
            let before = try await read(name, old)
            #expect(try await read(name, new) == before && before != nil)
        }
        for name in ["jobs/1", "nodes/1", "plan"] { #expect(try await read(name, new) == nil) }
    }

    @Test("a run that is repeated copies what has changed since, and leaves what was changed in the new root")
    func repeated() async throws {
        let old = bench.store.server.storage
        let (new, _) = try await PackageStore.create(
            RootURL("/memory/other"), node: NodeName("n"), with: bench.opener)
        for name in ["keys/revoked-there", "keys/revoked-here", "keys/same"] {
            try await write(name, ["first"], old)
            try await write(name, ["first"], new.server.storage)
        }
        try await write("keys/revoked-there", ["second", "first"], new.server.storage)
        try await write("keys/revoked-here", ["second", "first"], old)
        try await write("keys/garbled", ["first"], new.server.storage)
        _ = try await old.writeRecord(Key("cluster/keys/garbled.json"), Array("{".utf8), expecting: .absent)
        let migration = ServerMigration(bench.store, MigrateTests.options) { _ in }
        try await migration.carryCluster(to: new.server)
        for name in ["keys/revoked-there", "keys/revoked-here"] {
            #expect(try await read(name, new.server.storage)?.contains("\"revision\":\"second\"") == true)
        }
        #expect(try await read("keys/garbled", new.server.storage)?.contains("first") == true)
    }
}
