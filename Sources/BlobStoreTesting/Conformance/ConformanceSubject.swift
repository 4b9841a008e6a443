import BlobCrypto
import ObjectStorage

/// The storage under test, seen from one node or several, and what the checks do with it.
struct ConformanceSubject: Sendable {
    /// Views of the same place.
    let nodes: [any Storage]
    let options: ConformanceOptions

    /// The node that acts.
    var storage: any Storage { nodes[0] }
    /// Another node where there is one.
    var other: any Storage { nodes[nodes.count - 1] }

    /// The node that takes the n-th turn.
    func node(_ turn: Int) -> any Storage { nodes[turn % nodes.count] }

    @discardableResult
    func write(_ key: Key, _ bytes: [UInt8]) async throws -> CommitOutcome {
        try await storage.writeObject(key, ObjectSource(bytes))
    }

    /// All bytes of an object, or of a part of it, as another node reads them.
    func read(_ key: Key, _ range: Range<Int64>? = nil) async throws -> [UInt8] {
        try await other.withObject(key, range: range) { content in
            try await content.chunks.allBytes()
        }
    }

    /// Fails unless an object of exactly these bytes stands there, whichever way one looks.
    func expectObject(_ key: Key, _ bytes: [UInt8]) async throws {
        let info = try await other.statObject(key)
        try expectEqual(info?.size, Int64(bytes.count), "the size of \(key)")
        try expectSame(try await read(key), bytes, "the content of \(key)")
    }

    /// Fails if anything stands at the key.
    func expectNoObject(_ key: Key) async throws {
        let found = try await other.statObject(key)
        try expect(found == nil, "nothing to stand at \(key)", found: "\(String(describing: found))")
        try await expectError(.notFound, from: "reading \(key)") { try await read(key) }
        let names = try await names(key.folder)
        try expect(!names.contains(key.text), "\(key) not to be listed", found: "\(names)")
    }

    /// Fails unless the record holds these bytes, by every node.
    func expectRecord(_ key: Key, _ bytes: [UInt8], version: Record.Version? = nil) async throws {
        for node in nodes {
            guard let record = try await node.readRecord(key) else {
                throw ConformanceFailure(expected: "the record \(key)", found: "nothing")
            }
            try expectSame(record.bytes, bytes, "the record \(key)")
            if let version { try expectEqual(record.version, version, "the version of \(key)") }
        }
    }

    /// What a listing names: keys, and folders with a slash at their end.
    func names(
        _ prefix: KeyPrefix = .root, after: Key? = nil, isFlat: Bool = false, details: Bool = false
    ) async throws -> [String] {
        let request = ListRequest(prefix, startAfter: after, isFlat: isFlat, wantsDetails: details)
        var names: [String] = []
        for try await page in other.list(request) {
            for entry in page {
                switch entry {
                case .key(let key, _): names.append(key.text)
                case .folder(let folder): names.append(folder.text)
                case .access: continue
                case .unreadable(let folder, let error):
                    throw ConformanceFailure(expected: "what was written", found: "\(folder): \(error)")
                case .foreign(let path, let oddity):
                    throw ConformanceFailure(expected: "only what was written", found: "\(path) (\(oddity))")
                }
            }
        }
        return names
    }

    /// Ids of the uploads in flight.
    func uploads() async throws -> Set<String> {
        var found: Set<String> = []
        for try await page in storage.uploadsInFlight() { found.formUnion(page.map(\.id)) }
        return found
    }

    /// Fails unless no upload is in flight, soon.
    func expectNoUploads() async throws {
        try await expectSoon("no upload to be left in flight", within: options.timeout) {
            try await uploads().isEmpty
        }
    }
}

/// Fails unless the bytes are the same; tells sizes and digests rather than the bytes.
func expectSame(_ found: [UInt8], _ expected: [UInt8], _ what: String) throws {
    guard found.count == expected.count else {
        throw ConformanceFailure(expected: "\(what) to have \(expected.count) bytes", found: "\(found.count)")
    }
    let digests = (Hasher.hex(.sha256, of: found), Hasher.hex(.sha256, of: expected))
    try expect(digests.0 == digests.1, "\(what) to have the digest \(digests.1 ?? "?")", found: digests.0 ?? "?")
}

/// Bytes that the seed determines.
func content(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    // A block of chance, repeated with its number: quick to make, and no two chunks are the same.
    let block = (0..<min(count, 4_099)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var number: UInt8 = 0
    while bytes.count < count {
        bytes += block.prefix(count - bytes.count)
        number &+= 1
        bytes[bytes.count - 1] ^= number
    }
    return bytes
}

extension AsyncPull<[UInt8]> {
    /// All chunks together; fails where one is empty or over 1 MiB.
    func allBytes() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            try expect((1...(1 << 20)).contains(chunk.count), "chunks of 1 byte to 1 MiB", found: "\(chunk.count)")
            bytes += chunk
        }
        return bytes
    }
}
