import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("What is unchanged in a bucket is not read")
struct IndexCountTests {
    private func share(_ requests: [String: Int], of feed: IndexedFeed) -> Double {
        Double(requests.sum) / Double(feed.count)
    }

    @Test("by an import again, a check, a listing and a collection: a tenth of a request for a package at most")
    func again() async throws {
        let feed = try await IndexedFeed()
        #expect(try await feed.importing().published == Int64(feed.count))
        _ = feed.bucket.take()
        #expect(try await feed.importing().unchanged == Int64(feed.count))
        let importing = feed.bucket.take()
        #expect(share(importing, of: feed) <= 0.1, "\(importing)")
        let (findings, summary) = try await feed.check()
        #expect(findings.isEmpty && summary.packages == Int64(feed.count) && summary.complete)
        let checking = feed.bucket.take()
        #expect(share(checking, of: feed) <= 0.1, "\(checking)")
        #expect(try await feed.listing().count == feed.count)
        let listing = feed.bucket.take()
        #expect(share(listing, of: feed) <= 0.1, "\(listing)")
        #expect(try await feed.collect().candidates == 0)
        let collecting = feed.bucket.take()
        #expect(share(collecting, of: feed) <= 0.1, "\(collecting)")
    }

    @Test("also where no import wrote the index, but a check")
    func checked() async throws {
        let feed = try await IndexedFeed(300)
        for number in 0..<feed.count { try await feed.feed.publish("x\(number)", at: "\(number % 7)/p\(number)") }
        #expect(try await feed.head() == nil)
        try await feed.expectRead(feed.count) { try await feed.check() }
        try await feed.expectRead(0) { try await feed.check() }
        try await feed.expectRead(0) { try await feed.expectListing(of: feed.count) }
        // Who only looks writes none.
        #expect(feed.bucket.take()["put checks"] == nil)
    }

    @Test("but what has changed is: and once that is more than a little, the index is made anew")
    func changed() async throws {
        let feed = try await IndexedFeed(600, policy: FeedPolicy(mutable: true), pageSize: 50)
        _ = try await feed.importing()
        let former = try await feed.head()
        for number in 0..<5 { try await feed.feed.publish("other \(number)", at: "3/p\(number * 7 + 3)") }
        try await feed.expectRead(5) { try await feed.check() }
        #expect(try await feed.head() == former)
        for number in 0..<40 { try await feed.feed.publish("new \(number)", at: "2/new\(number)") }
        try await feed.expectRead(45) { try await feed.check() }
        #expect(try await feed.head() != former)
        try await feed.expectRead(0) { try await feed.check() }
        let records = try await feed.listing()
        #expect(records.count == 640)
        let replaced = try PackagePath("3/p3")
        let other = try Digest(of: Array("other 0".utf8))
        #expect(records.first { $0.path == replaced }?.digest == other)
        // What the head does not name any more is gone.
        let pieces = try await feed.bucket.list(ListRequest(FeedLayout.indexPieces)).flattened()
        let named = try await feed.head()?.pieces.count
        #expect(pieces.count == named)
    }

    @Test("but a check that reads content reads every record")
    func truth() async throws {
        let feed = try await IndexedFeed(300)
        _ = try await feed.importing()
        try await feed.expectRead(300) { try await feed.check(.all) }
        try await feed.expectRead(0) { try await feed.check() }
    }

    @Test("by an export: content alone is")
    func export() async throws {
        let feed = try await IndexedFeed(300)
        _ = try await feed.importing()
        _ = feed.bucket.take()
        let out = TemporaryFolder()
        _ = try await ExportOperation(feed.feed, to: "\(out.path)/out", .init()) { _ in }.run()
        let requests = feed.bucket.take()
        #expect(Double(requests.sum) / 300 <= 1.1, "\(requests)")
    }
}
