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
            try await second.withRootAsItStands(of: feed) { (root) async throws(StoreError) in
                try await ListingComparison(nil, with: root.storage, in: feed, tally)()
            }
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
            return try await first.withRootAsItStands(of: feed) { (root) async throws(StoreError) in
                try await ListingComparison(root.storage, with: nil, in: feed, tally)()
            }
        }
        try await first.withRootAsItStands(of: feed) { (one) async throws(StoreError) in
            try await second.withRootAsItStands(of: feed) { (other) async throws(StoreError) in
                guard one.id != other.id else { return try share(feed, of: one, and: other) }
                try await ListingComparison(one.storage, with: other.storage, in: feed, tally)()
            }
        }
    }

    /// One root has nothing to compare. Under two addresses it may be a copy as well, and nothing here tells which.
    private func share(_ feed: FeedName, of one: Root, and other: Root) throws(StoreError) {
        guard one.url == other.url else {
            throw StoreError(
                .wrongRoot,
                "the roots \(one.url) and \(other.url) have one id, so they are a copy of each other or one place under two "
                    + "names; nothing was compared")
        }
        tally.share(feed, one.url)
    }
}
