import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("Packages in pieces") struct PieceTests {
    private static let size = 32 << 10
    private static let content = (0..<5 * size + 9).map { UInt8(truncatingIfNeeded: $0 >> 7) }

    @Test(
        "a bad byte anywhere is told before the last piece is handed out, whatever is fetched ahead",
        arguments: ["/memory/npm", "/tmp"])
    func damage(place: String) async throws {
        let temporary = TemporaryFolder()
        let bench = try await Bench()
        let feed = try await bench.feed(root: place == "/tmp" ? temporary.path + "/feed" : place)
        let path = try PackagePath("a")
        let done = try await feed.publish(ObjectSource(Self.content), at: path, PublicationDetails(by: "alice"))
        let package = try #require(try await feed.package(at: path))
        for ahead in [0, 1, 4, 64] {
            let pieces = Pieces(ofBytes: Self.size, ahead: ahead)
            #expect(try await read(package, in: pieces).bytes.isSame(as: Self.content))
        }
        for place in [0, Self.size, 5 * Self.size + 8] {
            var bytes = Self.content
            bytes[place] ^= 1
            try await bench.storage(feed).spoil(done.digest, bytes)
            for ahead in [nil, 0, 1, 4, 64] {
                let pieces = ahead.map { Pieces(ofBytes: Self.size, ahead: $0) } ?? .large
                let (read, error) = try await read(package, in: pieces)
                #expect(error?.code == .corrupt, "\(place), \(ahead ?? -1) ahead")
                #expect(read.count == (ahead == nil ? 0 : 5 * Self.size), "all but the last piece")
            }
        }
        await bench.store.close()
    }

    @Test("of what was kept in memory the pieces are no larger")
    func kept() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let path = try PackagePath("a")
        _ = try await feed.publish(ObjectSource(Self.content), at: path, PublicationDetails(by: "alice"))
        let handles = FeedHandles(bench.store, FeedCaching(contentBytes: 1 << 20))
        let package = try #require(try await handles.package(at: path, in: FeedName("npm")))
        for _ in 0..<2 {
            #expect(try await read(package, in: Pieces(ofBytes: Self.size)).bytes.isSame(as: Self.content))
        }
        #expect(handles.keptBytes == Self.content.count)
    }

    @Test("sizes and numbers that make no sense are made to")
    func limits() {
        #expect(Pieces(ofBytes: 1, ahead: -1).sizeBytes == 4 << 10)
        #expect(Pieces(ofBytes: .max, ahead: .max).heldBytes == 65 << 20)
        #expect(Pieces.large.heldBytes == nil)
    }

    /// What was handed out, and the error that ended it.
    private func read(
        _ package: Package, in pieces: Pieces
    ) async throws -> (bytes: [UInt8], error: StoreError?) {
        let read = Collected<[UInt8]>()
        var failure: StoreError?
        do {
            try await package.read(in: pieces) { (content) async throws(StoreError) in
                for try await chunk in content.chunks {
                    #expect(chunk.count <= pieces.sizeBytes)
                    read.add(chunk)
                }
            }
        } catch {
            failure = error
        }
        return (read.all.flatMap { $0 }, failure)
    }
}
