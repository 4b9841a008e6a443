import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

/// A feed in a bucket that counts requests.
struct IndexedFeed {
    let bench: Bench
    let bucket: CountedBucket
    let feed: Feed
    let folder = TemporaryFolder()
    let count: Int

    init(_ count: Int = 600, policy: FeedPolicy = FeedPolicy(), pageSize: Int = 1_000) async throws {
        self.count = count
        bench = try await Bench(onBuckets: true)
        bucket = CountedBucket(pageSize: pageSize)
        bench.opener.replace(try RootURL("/memory/a"), with: bucket)
        feed = try await bench.feed("npm", policy, root: "/memory/a")
        for number in 0..<count { folder.write("\(number % 7)/p\(number)", Array("content \(number)".utf8)) }
    }

    func importing() async throws -> PublishOperation.Summary {
        let options = PublishOperation.Options(PublicationDetails(by: "importer"))
        return try await PublishOperation(.tree(folder.path), into: feed, options) { _ in }.run()
    }

    /// Checks the feed without reading content.
    /// - Returns: what it found, and how many packages there are.
    @discardableResult
    func check(_ level: ContentLevel = .none) async throws -> (findings: [String], summary: CheckOperation.Summary) {
        let found = Collected<String>()
        let operation = CheckOperation(bench.store, feeds: [feed.name], .init(content: level)) { event in
            if case .finding(let finding) = event { found.add("\(finding.kind.rawValue) \(finding.key)") }
            if case .incomplete(_, let error, _) = event { found.add("\(error)") }
        }
        let summary = try await operation.run()
        return (found.all, summary)
    }

    func collect(deletes: Bool = true) async throws -> CollectOperation.Summary {
        let options = CollectOperation.Options(deletes: deletes, maximumPercent: 100)
        return try await CollectOperation(feed, options) { _ in }.run()
    }

    func listing() async throws -> [PackageRecord] {
        try await feed.packages().flattened().compactMap { if case .package(let record) = $0 { record } else { nil } }
    }

    /// Expects `work` to read so many records of packages.
    func expectRead(
        _ count: Int, _ work: () async throws -> Void, at location: SourceLocation = #_sourceLocation
    ) async throws {
        _ = bucket.take()
        try await work()
        let requests = bucket.take()
        #expect((requests["get packages"] ?? 0) == count, "\(requests)", sourceLocation: location)
    }

    func expectListing(_ expected: [PackageRecord]) async throws {
        let found = try await listing()
        #expect(found == expected)
    }

    func expectListing(of count: Int) async throws {
        let found = try await listing().count
        #expect(found == count)
    }

    func expectSound() async throws {
        let findings = try await check().findings
        #expect(findings == [])
    }

    func head() async throws -> RecordIndex? { try await bucket.document(FeedLayout.index, as: RecordIndex.self)?.body }
}
