import BlobStoreTesting
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("Content that can be read again, on its way to a bucket")
struct SourceTests {
    private static let path = "some/path.bin"

    /// Content that notes how often it is read, and may be other content each time.
    private final class Readings: Sendable {
        private let contents: [[UInt8]]
        private let count = Mutex(0)
        var number: Int { count.withLock { $0 } }

        init(_ contents: [[UInt8]]) { self.contents = contents }

        func source(size: Int64? = nil) -> ObjectSource {
            ObjectSource(size: size ?? Int64(contents[0].count)) { () throws(StoreError) in
                let number = self.count.withLock { count in
                    defer { count += 1 }
                    return count
                }
                return .chunks(of: self.contents[min(number, self.contents.count - 1)])
            }
        }
    }

    private func details() -> PublicationDetails { PublicationDetails(by: "alice") }

    @Test(
        "is hashed, and then written from where it is; on a filesystem one reading does both", arguments: [true, false])
    func readings(_ isBucket: Bool) async throws {
        let bench = try await Bench(onBuckets: isBucket)
        let feed = try await bench.feed()
        let readings = Readings([Array("hello".utf8)])
        let published = try await feed.publish(readings.source(), at: PackagePath(Self.path), details())
        #expect(published.outcome == .created && readings.number == (isBucket ? 2 : 1))
        #expect(try await feed.text(at: Self.path) == "hello")
        let again = try await feed.publish(readings.source(), at: PackagePath(Self.path), details())
        #expect(again.outcome == .unchanged && readings.number == (isBucket ? 3 : 2))
    }

    @Test(
        "is staged once more when what was staged is lost, also where that is seen while it is staged",
        arguments: [StorageOperation.append, .commit])
    func stagedOnceMore(_ lost: StorageOperation) async throws {
        let plan = FaultPlan { operation, _, occurrence in
            guard operation == lost, occurrence == 0 else { return nil }
            return .before(StoreError(.unavailable, "the server restarted").under(.stagingLost))
        }
        let content = ContentStore(FaultStorage(MemoryStorage(), plan: plan))
        let readings = Readings([Array("hello".utf8)])
        let staged = try await content.stage(readings.source())
        #expect(try await content.secure(staged) == .created)
        #expect(try await content.isGood(FeedLayout.blob(staged.summary.digest), staged.summary.digest))
        #expect(readings.number > 1)
    }

    @Test("is refused before it is read where the root takes no object of its size")
    func tooLarge() async throws {
        let feed = try await Bench(onBuckets: true).feed()
        let readings = Readings([[1]])
        let source = readings.source(size: (5 << 40) + 1)
        await expectError(.invalidArgument) { try await feed.publish(source, at: PackagePath(Self.path), details()) }
        let opened = try await feed.openForWriting()
        await expectError(.invalidArgument) {
            try await opened.adopt(source, at: PackagePath(Self.path), seemsAbsent: false, known: .none, details())
        }
        #expect(readings.number == 0)
    }

    @Test("is not stored under the digest of what it was, where it changes between the two")
    func changed() async throws {
        let bench = try await Bench(onBuckets: true)
        let feed = try await bench.feed()
        let readings = Readings([Array("hello".utf8), Array("jello".utf8)])
        await expectError(.sourceFailed) {
            try await feed.publish(readings.source(), at: PackagePath(Self.path), details())
        }
        #expect(try await feed.text(at: Self.path) == nil)
        let blobs = try await bench.storage(feed).list(ListRequest(FeedLayout.blobs)).flattened()
        #expect(blobs.isEmpty)
    }

    @Test("that is not what was stated is refused after one reading")
    func mismatch() async throws {
        let feed = try await Bench(onBuckets: true).feed()
        let readings = Readings([Array("hello".utf8)])
        let other = try Digest(of: [1])
        await expectError(.digestMismatch) {
            try await feed.publish(readings.source(), at: PackagePath(Self.path), expecting: other, details())
        }
        #expect(readings.number == 1)
    }
}
