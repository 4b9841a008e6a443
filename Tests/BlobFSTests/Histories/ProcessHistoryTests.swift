import BlobFS
import BlobStoreTesting
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("Records on a filesystem are linearizable when processes contend for them, and are killed")
struct ProcessHistoryTests {
    private static let processes = 5
    private static let operations = 120

    @Test("several processes, two of them killed at some operation", arguments: 0..<3)
    func killed(_ round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let place = TemporaryFolder.places[round % 2]
        let (root, journals) = (TemporaryFolder(in: place), TemporaryFolder(in: "/tmp"))
        let clients = try (0..<Self.processes).map { number in
            try ClientProcess(
                [root.path, "feeds/npm/record.json", "p\(number)", "\(Self.operations)", "\(seed &+ UInt64(number))"],
                journal: "\(journals.path)/\(number)")
        }
        // A victim dies once it has told of so many begins and ends.
        for victim in 0..<2 {
            let lines = Int.random(in: 10..<2 * Self.operations, using: &random)
            let isFar = await eventually {
                clients[victim].hasEnded() || Self.journal(of: clients[victim]).count >= lines
            }
            try #require(isFar, "a process hangs")
            clients[victim].killNow()
        }
        let haveEnded = await eventually { clients.allSatisfy { $0.hasEnded() } }
        try #require(haveEnded, "the processes hang")
        for survivor in clients.dropFirst(2) { #expect(survivor.hasSucceeded) }
        let operations = HistoryRecorder.operations(ofJournal: clients.flatMap(Self.journal))
        #expect(operations.count(where: \.isSuccessfulWrite) > 20)
        #expect(operations.count >= (Self.processes - 2) * Self.operations)
        let flaw = RegisterChecker.flaw(in: operations)
        #expect(flaw == nil, "seed \(seed): \(flaw ?? "")")
        try await expectNothingElse(root)
    }

    /// What the dead left is in no listing, and does not keep the living from writing.
    private func expectNothingElse(_ root: TemporaryFolder) async throws {
        let storage = try await root.open()
        let entries: [ListEntry] = try await storage.list(ListRequest()).flattened()
        let key = try Key("feeds/npm/record.json")
        #expect(entries == [.key(key, nil)])
        let record = try #require(try await storage.readRecord(key))
        _ = try await storage.writeRecord(key, Array("afterwards".utf8), expecting: .version(record.version))
        #expect(try await storage.readRecord(key)?.bytes == Array("afterwards".utf8))
        await storage.close()
    }

    private static func journal(of client: ClientProcess) -> [String] {
        guard let bytes = FileManager.default.contents(atPath: client.journal) else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
