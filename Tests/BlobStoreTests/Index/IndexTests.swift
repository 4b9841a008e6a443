import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("The index of records is never the truth")
struct IndexTests {
    /// The pieces as they stand there.
    private func pieces(_ feed: IndexedFeed) async throws -> [Key] {
        try await feed.bucket.list(ListRequest(FeedLayout.indexPieces)).flattened().compactMap {
            if case .key(let key, _) = $0 { key } else { nil }
        }
    }

    private func bytes(_ key: Key, _ feed: IndexedFeed) async throws -> [UInt8] {
        try await feed.bucket.withObject(key) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return bytes
        }
    }

    private func put(_ bytes: [UInt8], at key: Key, _ feed: IndexedFeed) async throws {
        try await feed.bucket.removeObject(key)
        _ = try await feed.bucket.writeObject(key, ObjectSource(bytes))
    }

    @Test("a damaged piece, wherever it is damaged, costs time only and is made anew")
    func damage() async throws {
        let feed = try await IndexedFeed(300)
        _ = try await feed.importing()
        let expected = try await feed.listing()
        let key = try #require(try await pieces(feed).first)
        let sound = try await bytes(key, feed)
        for place in stride(from: 0, to: sound.count, by: sound.count / 23) {
            var damaged = sound
            damaged[place] ^= 0x15
            try await put(damaged, at: key, feed)
            try await feed.expectRead(300) { try await feed.expectListing(expected) }
        }
        for other in [[], Array(sound.prefix(sound.count / 2)), sound + sound] {
            try await put(other, at: key, feed)
            try await feed.expectRead(300) { try await feed.expectListing(expected) }
        }
        #expect(try await feed.check().findings.isEmpty)
        #expect(try await bytes(key, feed) == sound)
        try await feed.expectRead(0) { try await feed.expectListing(expected) }
        try await feed.bucket.removeObject(key)
        try await feed.expectRead(300) { try await feed.expectSound() }
        try await feed.expectRead(0) { try await feed.check() }
    }

    @Test("a head that is garbled is replaced, and one of a newer version is left alone")
    func heads() async throws {
        let feed = try await IndexedFeed(300)
        _ = try await feed.importing()
        let garbled = Array("{\"format\":1,\"revision\":\"x\",\"pieces\":[{}]}".utf8)
        let newer = Array("{\"format\":2,\"revision\":\"x\"}".utf8)
        for head in [garbled, newer] {
            let version = try #require(try await feed.bucket.readRecord(FeedLayout.index)).version
            _ = try await feed.bucket.writeRecord(FeedLayout.index, head, expecting: .version(version))
            try await feed.expectRead(300) { try await feed.expectSound() }
            let isKept = try await feed.bucket.readRecord(FeedLayout.index)?.bytes == head
            #expect(isKept == (head == newer))
        }
    }

    @Test("that lies, as one from another feed does, is not believed")
    func foreign() async throws {
        let (feed, other) = (try await IndexedFeed(300), try await IndexedFeed(300))
        _ = try await other.importing()
        for number in 0..<300 { try await feed.feed.publish("another \(number)", at: "\(number % 7)/p\(number)") }
        for key in try await pieces(other) { try await put(try await bytes(key, other), at: key, feed) }
        let head = try #require(try await other.bucket.readRecord(FeedLayout.index))
        _ = try await feed.bucket.writeRecord(FeedLayout.index, head.bytes, expecting: .absent)
        try await feed.expectRead(300) { try await feed.expectListing(of: 300) }
        let digests = try await feed.listing().map(\.digest)
        let others = try await other.listing().map(\.digest)
        #expect(Set(digests).isDisjoint(with: others))
        #expect(try await feed.check().findings.isEmpty)
    }

    @Test("of a server whose listings are not known to show each write at once is not used, and not written")
    func listings() async throws {
        for answer in [false, nil] {
            let feed = try await IndexedFeed(300)
            _ = try await feed.importing()
            feed.bucket.answer(answer)
            try await feed.expectRead(300) { try await feed.expectListing(of: 300) }
            try await feed.expectRead(300) { try await feed.check() }
            let new = try await IndexedFeed(300)
            new.bucket.answer(answer)
            _ = try await new.importing()
            try await new.check()
            #expect(try await new.head() == nil)
            #expect(try await pieces(new).isEmpty)
        }
    }

    @Test("that may not be written changes nothing")
    func readOnly() async throws {
        let feed = try await IndexedFeed(300)
        feed.bucket.refuseWrites(below: "checks/")
        #expect(try await feed.importing().published == 300)
        let (findings, summary) = try await feed.check()
        #expect(findings.isEmpty && summary.complete && summary.packages == 300)
        #expect(try await feed.head() == nil)
    }

    @Test("of two writers one wins, and what it names is there")
    func twoWriters() async throws {
        let feed = try await IndexedFeed(600)
        for number in 0..<feed.count { try await feed.feed.publish("x\(number)", at: "\(number % 7)/p\(number)") }
        async let first: Void = { _ = try await feed.check() }()
        async let second: Void = { _ = try await feed.check() }()
        _ = try await (first, second)
        try await feed.expectRead(0) { try await feed.check() }
        let names = Set((try #require(try await feed.head())).pieces.map { FeedLayout.indexPiece($0.digest) })
        let there = try await pieces(feed)
        #expect(names.isSubset(of: there))
    }

    @Test("a check still finds a record that was garbled since")
    func garbled() async throws {
        let feed = try await IndexedFeed(300)
        _ = try await feed.importing()
        try await feed.check()
        let key = try PackagePath("3/p3").key
        let version = try #require(try await feed.bucket.readRecord(key)).version
        _ = try await feed.bucket.writeRecord(key, Array("garbled".utf8), expecting: .version(version))
        #expect(try await feed.check().findings == ["bad-record \(key)"])
    }

    @Test("a collector reads what would keep content, where a listing lags behind a restoration")
    func restored() async throws {
        let feed = try await IndexedFeed(300, policy: FeedPolicy(graceSeconds: 0))
        _ = try await feed.importing()
        let deleted = try (0..<20).map { try PackagePath("\($0 % 7)/p\($0)") }
        for path in deleted {
            _ = try await feed.feed.remove(path, by: "bob")
            _ = try await feed.bucket.update(path.key, as: PackageRecord.self) { record throws(StoreError) in
                var next = record
                next.deleted = PackageRecord.Act(at: Timestamp(seconds: Timestamp.now.seconds - 100), by: "bob")
                return next
            }
        }
        try await feed.check()
        try await feed.expectRead(0) { try await feed.check() }
        try await feed.bucket.lag(deleted[3].key)
        _ = try await feed.feed.restore(deleted[3], by: "bob")
        #expect(try await feed.collect().deleted == 19)
        #expect(try await feed.feed.text(at: "3/p3") == "content 3")
        #expect(try await feed.feed.flaws() == [])
    }
}
