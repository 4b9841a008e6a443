import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("The pieces of an index")
struct IndexPieceTests {
    private let bucket = CountedBucket()

    private static func key(_ number: Int) -> Key {
        Key(trusted: "packages/p\(String(repeating: "0", count: 6 - String(number).count))\(number).json")
    }

    private static func bytes(_ number: Int) -> [UInt8] { Array("{\"number\":\(number)}\n".utf8) }

    private func write(_ numbers: some Sequence<Int>) async throws {
        for number in numbers {
            _ = try await bucket.base.writeRecord(Self.key(number), Self.bytes(number), expecting: .absent)
        }
    }

    /// Walks through all records.
    /// - Returns: how many were read, and how many there are.
    private func walk(_ purpose: RecordWalk.Purpose = .upkeep) async throws -> (read: Int, count: Int) {
        _ = bucket.take()
        let walk = RecordWalk(bucket, for: purpose)
        var count = 0
        for try await page in bucket.list(ListRequest(FeedLayout.packages, wantsDetails: true)) {
            let listed = page.compactMap { entry -> ListedRecord? in
                guard case .key(let key, let info) = entry else { return nil }
                return ListedRecord(key: key, info: info)
            }
            for (record, result) in zip(listed, await walk.read(walk.page(listed))) {
                let found = try #require(try result.get())
                #expect(try await bucket.base.readRecord(record.key)?.bytes == found.bytes)
                count += 1
            }
        }
        await walk.end()
        return (bucket.take()["get packages"] ?? 0, count)
    }

    private func pieces() async throws -> [RecordIndex.Piece] {
        try #require(try await bucket.document(FeedLayout.index, as: RecordIndex.self)).body.pieces
    }

    @Test("hold some thousand records each, and split where much comes between")
    func split() async throws {
        try await write((0..<9_000).map { $0 * 10 })
        #expect(try await walk() == (9_000, 9_000))
        #expect(try await pieces().map(\.records) == [4_096, 4_096, 808])
        let former = try await pieces()
        #expect(try await walk() == (0, 9_000))
        try await write((0..<1_000).map { $0 * 10 + 45_005 })
        #expect(try await walk() == (1_000, 10_000))
        let next = try await pieces()
        #expect(next.reduce(0) { $0 + $1.records } == 10_000)
        #expect(next.allSatisfy { $0.records <= 4_096 } && next.first == former.first && next.last == former.last)
        #expect(zip(next, next.dropFirst()).allSatisfy { $0.last < $1.first })
        #expect(try await walk(.work) == (0, 10_000))
    }

    @Test("that cover the same keys are used, and put in order by the next walk")
    func order() async throws {
        try await write(0..<3_000)
        for part in 0..<3 {
            let additions = IndexAdditions(to: bucket)
            for number in stride(from: part, to: 3_000, by: 3).shuffled() {
                await additions.add(Self.key(number), Self.bytes(number))
            }
            await additions.end()
        }
        #expect(try await pieces().map(\.records) == [1_000, 1_000, 1_000])
        #expect(try await walk(.reading) == (0, 3_000))
        #expect(try await walk() == (0, 3_000))
        #expect(try await pieces().map(\.records) == [3_000])
        #expect(try await walk() == (0, 3_000))
    }

    @Test("are not written for a few records")
    func few() async throws {
        try await write(0..<255)
        #expect(try await walk() == (255, 255))
        let additions = IndexAdditions(to: bucket)
        for number in 0..<255 { await additions.add(Self.key(number), Self.bytes(number)) }
        await additions.end()
        #expect(try await bucket.list(ListRequest(FeedLayout.checks)).flattened().isEmpty)
    }

    @Test("are read as they were written, and nothing else is taken for one")
    func form() throws {
        let entries = (0..<5).map { IndexEntry(key: Self.key($0), bytes: Array("a\n\($0) b\n".utf8)) }
        let bytes = IndexPiece.encode(entries)
        let piece = try #require(IndexPiece(bytes))
        for entry in entries { #expect(piece[entry.key] == entry.bytes) }
        #expect(piece[Self.key(7)] == nil)
        for count in 0..<bytes.count where !Self.ends(entries).contains(count) {
            #expect(IndexPiece(Array(bytes.prefix(count))) == nil, "\(count) bytes")
        }
        for text in [
            "", "package records 2\n", "package records 1\n-1 a\n\n", "package records 1\n99999999999999999999 a\n\n",
        ] {
            #expect(IndexPiece(Array(text.utf8)) == nil, "\(text)")
        }
    }

    /// After how many bytes a piece of fewer entries ends.
    private static func ends(_ entries: [IndexEntry]) -> Set<Int> {
        Set((0...entries.count).map { IndexPiece.encode(Array(entries.prefix($0))).count })
    }

    @Test("of all content one listing tells what is there, and in which size")
    func contents() async throws {
        var digests: [Digest] = []
        for number in 0..<500 {
            let bytes = Array("content \(number)".utf8)
            digests.append(try Digest(of: bytes))
            if number % 2 == 0 {
                _ = try await bucket.base.writeObject(FeedLayout.blob(digests[number]), ObjectSource(bytes))
            }
        }
        let contents = try #require(try await ListedContents.list(bucket))
        for (number, digest) in digests.enumerated() {
            let size = Int64("content \(number)".utf8.count)
            #expect(contents.contains(digest, size: size) == (number % 2 == 0))
            #expect(!contents.contains(digest, size: size + 1))
        }
    }
}
