import BlobStoreTesting
import ObjectStorage
import Synchronization
import TestSupport

@testable import BlobS3

/// Several nodes work on one place through a proxy that breaks things, and then it is compared with what they were
/// told.
///
/// Every key of an object determines its bytes, as it must; a node alone removes and moves its own. A record is
/// shared by all.
struct FaultCampaign {
    /// What is known of an object's presence after an operation on it.
    enum Presence: Sendable { case present, absent, unknown }

    /// A broken promise.
    struct Flaw: Error, CustomStringConvertible { let description: String }

    let server: ServerUnderTest
    let seed: UInt64
    var nodes = 3
    var operations = 25
    /// How many of a hundred requests go wrong.
    var share = 25

    /// How it went.
    struct Tally: Sendable {
        var faults = 0
        var successes = 0
        var errors: [StoreError.Code: Int] = [:]
        var recordWrites = 0

        static func + (left: Tally, right: Tally) -> Tally {
            Tally(
                faults: left.faults + right.faults, successes: left.successes + right.successes,
                errors: left.errors.merging(right.errors) { $0 + $1 },
                recordWrites: left.recordWrites + right.recordWrites)
        }
    }

    /// - Throws: ``Flaw``.
    func run() async throws -> Tally {
        let prefix = ServerUnderTest.freshPrefix("faults")
        let proxy = try FaultProxy(
            toPort: server.port, seed: seed, share: share, stallMilliseconds: 1_000 * (ServerUnderTest.stallSeconds + 1)
        )
        let history = HistoryRecorder()
        let record = try Key("record.json")
        let results = await withTaskGroup(of: (FaultNode, S3Storage).self) { group in
            for number in 0..<nodes {
                group.addTask {
                    let storage = server.storage(prefix, through: proxy)
                    var node = FaultNode(storage, proxy, number: number, seed: seed &+ UInt64(number))
                    await node.run(operations: operations)
                    return (node, storage)
                }
                group.addTask {
                    let storage = server.storage(prefix, through: proxy)
                    var client = RegisterClient(storage, record, name: "n\(number)", history)
                    await client.run(operations: operations / 2, seed: seed &+ UInt64(100 + number))
                    return (FaultNode(storage, proxy, number: -1, seed: 0), storage)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var tally = Tally(faults: proxy.faults)
        proxy.stopFaults()
        let truth = server.storage(prefix)
        for (node, _) in results where node.number >= 0 {
            tally = tally + node.tally
            try await compare(node, with: truth)
        }
        try await compare(history, record, with: truth)
        tally.recordWrites = history.operations.filter(\.isSuccessfulWrite).count
        try await checkListing(truth)
        try await clear(truth)
        for (_, storage) in results { await storage.close() }
        await truth.close()
        return tally
    }

    /// What a node was told is so, and what is there is whole.
    private func compare(_ node: FaultNode, with truth: S3Storage) async throws {
        if let flaw = node.flaw { throw Flaw(description: "\(flaw) (seed \(seed))") }
        for (key, presence) in node.presences {
            let wanted = FaultNode.content(key)
            let found = try await truth.statObject(key)
            if presence == .present, found == nil {
                throw Flaw(description: "\(key) was reported as written and is not there (seed \(seed))")
            }
            if presence == .absent, found != nil {
                throw Flaw(description: "\(key) was reported as removed and is there (seed \(seed))")
            }
            guard found != nil else { continue }
            let bytes = try await FaultNode.read(key, from: truth)
            guard bytes.isSame(as: wanted) else {
                throw Flaw(
                    description:
                        "\(key) has \(bytes.count) bytes, of \(wanted.count), that are not its own (seed \(seed))")
            }
        }
    }

    /// All that the nodes saw of the record, and what is there at the end, can be put in one order.
    private func compare(_ history: HistoryRecorder, _ key: Key, with truth: S3Storage) async throws {
        let last = try await truth.readRecord(key).map { String(decoding: $0.bytes, as: UTF8.self) }
        await history.record("the end", .read) { .value(last) }
        if let flaw = RegisterChecker.flaw(in: history.operations) { throw Flaw(description: "\(flaw) (seed \(seed))") }
    }

    /// A listing has what is there, each once and in order.
    private func checkListing(_ truth: S3Storage) async throws {
        var names: [String] = []
        for try await page in truth.list(ListRequest(try KeyPrefix(""))) {
            for case .key(let key, _) in page { names.append(key.text) }
        }
        guard names == names.sorted(by: { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }),
            Set(names).count == names.count
        else { throw Flaw(description: "the listing is out of order or has a name twice: \(names) (seed \(seed))") }
    }

    private func clear(_ truth: S3Storage) async throws {
        for try await page in truth.list(ListRequest(try KeyPrefix(""))) {
            for case .key(let key, _) in page {
                if key.isRecord { try await truth.removeRecord(key) } else { try await truth.removeObject(key) }
            }
        }
        for try await page in truth.uploadsInFlight() { for upload in page { try await truth.discardUpload(upload) } }
    }
}
