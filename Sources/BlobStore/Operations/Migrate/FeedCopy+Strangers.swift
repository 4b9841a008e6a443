extension FeedCopy {
    /// Deletes at the destination what only that has: packages that were deleted at the source since they came there,
    /// and whose tombstones expired. A root that the feed was in before has some, and so has one that a long migration
    /// filled. Their tombstones keep the content for the grace period.
    ///
    /// Only while writers are held and after all else was copied: what one of the listings did not show would be taken
    /// for deleted otherwise.
    /// - Cost: a listing of each side; two reads and a write for each package that is deleted.
    func deleteStrangers() async throws(StoreError) {
        counter.begin("comparing names")
        let there = OpenFeed(feed: source.feed, record: source.record, root: destination)
        var names = SortedPaths(source.paths(PackageQuery()))
        for try await page in there.paths(PackageQuery()) {
            var strangers: [PackagePath] = []
            for path in page where try await !names.advance(to: path) { strangers.append(path) }
            counter.add(items: Int64(page.count))
            try await source.feed.record().expectMigration(goal.run)
            try await concurrently(jobs, strangers) { [self] (path) async throws(StoreError) in
                guard try await source.package(path) == nil else { return }
                try await atDestination { () async throws(StoreError) in try await delete(path, in: there) }
            }
        }
    }

    private func delete(_ path: PackagePath, in there: OpenFeed) async throws(StoreError) {
        guard let stored = try await there.package(path), stored.body.deleted == nil else { return }
        let act = PackageRecord.Act(at: .now, by: options.by)
        let tombstone = stored.body.deleted(act, revision: stored.document.revision)
        _ = try await there.storage.replace(path.key, stored, with: tombstone)
    }
}

/// Paths in key order, to be looked through once in that order.
private struct SortedPaths {
    private var pages: AsyncPull<[PackagePath]>.AsyncIterator
    private var page: ArraySlice<PackagePath> = []

    init(_ pages: AsyncPull<[PackagePath]>) { self.pages = pages.makeAsyncIterator() }

    /// Whether a path is among them; it must come after the last that was asked for.
    mutating func advance(to path: PackagePath) async throws(StoreError) -> Bool {
        let key = path.key
        while true {
            while let first = page.first, first.key < key { page.removeFirst() }
            if let first = page.first { return first.key == key }
            guard let next = try await pages.next() else { return false }
            page = next[...]
        }
    }
}
