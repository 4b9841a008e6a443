/// Compares two server roots, feed by feed.
struct ServerComparison {
    private let first: PackageStore
    private let second: PackageStore
    private let tally: CompareTally

    init(_ first: PackageStore, with second: PackageStore, _ tally: CompareTally) {
        self.first = first
        self.second = second
        self.tally = tally
    }

    func callAsFunction() async throws(StoreError) {
        try await eachFeed(of: first) { (feed) async throws(StoreError) in
            try await compare(feed, isInSecond: try await second.catalog.find(feed) != nil)
        }
        try await eachFeed(of: second) { (feed) async throws(StoreError) in
            if try await first.catalog.find(feed) != nil { return }
            tally.add(.extra, path: nil, in: feed)
            try await list(feed, in: second, as: .extra)
        }
    }

    /// Goes on with the next feed where one cannot be looked at.
    private func eachFeed(
        of store: PackageStore, _ body: (FeedName) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        for try await page in store.catalog.names() {
            for feed in page {
                do throws(StoreError) { try await body(feed) } catch {
                    if error.code == .cancelled { throw error }
                    tally.fail(feed.text, error)
                }
            }
        }
    }

    private func compare(_ feed: FeedName, isInSecond: Bool) async throws(StoreError) {
        guard isInSecond else {
            tally.add(.missing, path: nil, in: feed)
            return try await list(feed, in: first, as: .missing)
        }
        try await first.withRootAsItStands(of: feed) { (one) async throws(StoreError) in
            try await second.withRootAsItStands(of: feed) { (other) async throws(StoreError) in
                if one.id == other.id { return tally.share(feed, one.url) }
                try await ListingComparison(one.storage, with: other.storage, in: feed, tally)()
            }
        }
    }

    /// Tells of each package of a feed that the other root does not have.
    private func list(
        _ feed: FeedName, in store: PackageStore, as kind: CompareOperation.Difference.Kind
    ) async throws(StoreError) {
        try await store.withRootAsItStands(of: feed) { (root) async throws(StoreError) in
            for try await page in root.storage.packages(PackageQuery()) {
                for listing in page {
                    switch listing {
                    case .package(let record): tally.add(kind, path: record.path.text, in: feed)
                    case .unreadable(let path, let error): tally.fail("\(feed): \(path)", error)
                    }
                }
                tally.counter.add(items: Int64(page.count))
            }
        }
    }
}
