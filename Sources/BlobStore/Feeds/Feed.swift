/// A named collection of packages with a policy and one root.
///
/// A feed is looked up in the catalog anew by each operation, so that a feed that has moved is found where it is.
public struct Feed: Sendable {
    public let name: FeedName
    /// The store whose catalog was in charge of the feed when it was looked up.
    public let store: PackageStore

    /// The store that was asked for it: its catalog leads to the one that is in charge now.
    private let entry: PackageStore

    package init(_ name: FeedName, in store: PackageStore, by entry: PackageStore? = nil) {
        self.name = name
        self.store = store
        self.entry = entry ?? store
    }

    /// The feed's record: policy, root, state, epoch.
    public func record() async throws(StoreError) -> FeedRecord { try await entry.locate(name).record }

    /// The feed as the catalog has it now, with its root open.
    /// - Throws: `notFound`, `wrongRoot`.
    package func visit() async throws(StoreError) -> FeedVisit {
        let (store, record) = try await entry.locate(name)
        let root = try await store.roots.root(
            store.catalog.location(record), Root.Identity(.feed, feed: name, id: record.id))
        return FeedVisit(feed: Feed(name, in: store, by: entry), record: record, root: root)
    }

    /// The feed for work that writes: active, and its root still in its place.
    /// - Throws: `migrating`, `notFound`, `wrongRoot`.
    package func visitForWriting() async throws(StoreError) -> FeedVisit {
        let visit = try await visit()
        switch visit.record.state {
        // One that is arriving was found by way of the catalog that says it has moved here.
        case .active, .arriving, .moved: break
        case .migrating:
            let place = visit.record.migration?.root?.description ?? "the server root"
            throw StoreError(
                .migrating,
                "the feed \"\(name)\" is being migrated to \(place): try again when that is done; "
                    + "\"blobtool migrate \(name) --abort\" gives it up",
                isRetryable: true)
        case .deleting:
            throw StoreError(.notFound, "the feed \"\(name)\" is being deleted")
        }
        try await visit.root.verify()
        return visit
    }
}

/// A feed as one operation found it.
package struct FeedVisit: Sendable {
    package let feed: Feed
    package let record: FeedRecord
    package let root: Root

    package var storage: any Storage { root.storage }
    package var content: ContentStore { ContentStore(root.storage) }
    package var extras: Set<ExtraDigest> { Set(record.digests ?? []) }

    /// The record of a path; nil when it was never published.
    /// - Throws: `corrupt` when the record is garbled or names another path.
    package func package(_ path: PackagePath) async throws(StoreError) -> Stored<PackageRecord>? {
        guard let stored: Stored<PackageRecord> = try await storage.document(path.key) else { return nil }
        try stored.body.check(path)
        return stored
    }

    /// Whether nothing that publishers rely on has changed since this visit began.
    ///
    /// Epochs are compared, never roots or states: a feed may come back to where it was.
    package func isCurrent() async throws(StoreError) -> Bool {
        try await feed.record().epoch == record.epoch
    }
}

extension PackageRecord {
    /// - Throws: `corrupt` when this record, found at that path, names another.
    package func check(_ path: PackagePath) throws(StoreError) {
        guard self.path == path else {
            throw StoreError(.corrupt, "the package record of \"\(path)\" names the path \"\(self.path)\"")
                .during("readRecord", key: path.key.text)
        }
    }
}
