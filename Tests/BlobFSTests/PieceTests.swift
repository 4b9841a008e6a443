import BlobSystem
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import BlobFS

@Suite("Reading in pieces, from a filesystem") struct PieceTests {
    private static let size = 32 << 10
    private static let content = (0..<20 * size + 7).map { UInt8(truncatingIfNeeded: $0 >> 8) }

    /// A storage with one object, whose reads are counted.
    private func storage(_ folder: TemporaryFolder, _ reads: Counter) async throws -> FileStorage {
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in if call.name == "read" { _ = reads.next() } }
        let storage = try await folder.open(calls)
        _ = try await storage.writeObject(Key("object"), ObjectSource(Self.content))
        reads.reset()
        return storage
    }

    @Test("no more is fetched than the reader's piece and those ahead of it", arguments: [0, 1, 2, 5])
    func bound(ahead: Int) async throws {
        let (folder, reads) = (TemporaryFolder(), Counter())
        let storage = try await storage(folder, reads)
        let pieces = Pieces(ofBytes: Self.size, ahead: ahead)
        try await storage.withObject(Key("object"), in: pieces) { content in
            var (taken, all) = (0, [UInt8]())
            for try await chunk in content.chunks {
                taken += 1
                #expect(chunk.count <= Self.size)
                #expect(reads.value <= taken + ahead, "after \(taken) pieces")
                all += chunk
            }
            #expect(all.isSame(as: Self.content))
        }
        #expect(reads.value == 21, "one call for each piece")
        await storage.close()
    }

    @Test("with each piece that is taken the next is fetched, while others wait: whoever fetches need not stand still")
    func running() async throws {
        let (folder, reads) = (TemporaryFolder(), Counter())
        let storage = try await storage(folder, reads)
        try await storage.withObject(Key("object"), in: Pieces(ofBytes: Self.size, ahead: 2)) { content in
            var taken = 0
            for try await _ in content.chunks {
                taken += 1
                #expect(await eventually { reads.value == min(taken + 2, 21) }, "after \(taken) pieces")
            }
        }
        await storage.close()
    }

    @Test("pieces grow and shrink while they are read, and the content stays what it is")
    func changing() async throws {
        let (folder, reads) = (TemporaryFolder(), Counter())
        let storage = try await storage(folder, reads)
        let wanted = Mutex(Self.size)
        let pieces = Pieces(upTo: 4 * Self.size, ahead: 0) { wanted.withLock { $0 } }
        try await storage.withObject(Key("object"), in: pieces) { content in
            var (sizes, all) = ([Int](), [UInt8]())
            for try await chunk in content.chunks {
                sizes.append(chunk.count)
                all += chunk
                wanted.withLock { $0 = sizes.count == 2 ? .max : Self.size }
            }
            #expect(all.isSame(as: Self.content))
            #expect(Array(sizes.prefix(4)) == [1, 1, 4, 1].map { $0 * Self.size })
        }
        await storage.close()
    }

    @Test("each piece is told once, in order, before it is handed out; those ahead by the thread that fetched them")
    func told() async throws {
        let (folder, reads) = (TemporaryFolder(), Counter())
        let storage = try await storage(folder, reads)
        let told = Mutex<[(offset: Int64, count: Int, mayBlock: Bool)]>([])
        var pieces = Pieces(ofBytes: Self.size, ahead: 2)
        pieces.onFetch = { offset, bytes in
            told.withLock { $0.append((offset, bytes.count, Thread.mayBlock)) }
        }
        try await storage.withObject(Key("object"), in: pieces) { content in
            var end: Int64 = 0
            for try await chunk in content.chunks {
                let offset = end
                end += Int64(chunk.count)
                #expect(told.withLock { $0.filter { $0.offset == offset && $0.count == chunk.count }.count } == 1)
            }
        }
        let all = told.withLock { $0 }
        #expect(all.map(\.offset) == (0...20).map { Int64($0 * Self.size) })
        #expect(all.dropFirst().allSatisfy { $0.mayBlock })
        await storage.close()
    }
}
