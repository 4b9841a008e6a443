internal import BlobSystem

/// A named collection of packages with a policy and one root.
///
/// A feed is looked up in the catalog anew by each operation, so that a feed that has moved is found where it is.
public struct Feed: Sendable {
    /// The feed's name in the catalog.
    public let name: FeedName
    /// The store whose catalog was in charge of the feed when it was looked up.
    public let store: PackageStore

    /// The store that was asked for it: its catalog leads to the one that is in charge now.
    private let entry: PackageStore
    private let firstLook: FirstLook<Found>?

    private typealias Found = (store: PackageStore, record: FeedRecord)

    package init(_ name: FeedName, in store: PackageStore, by entry: PackageStore? = nil) {
        self.init(name, in: store, by: entry ?? store, firstLook: nil)
    }

    private init(_ name: FeedName, in store: PackageStore, by entry: PackageStore, firstLook: FirstLook<Found>?) {
        self.name = name
        self.store = store
        self.entry = entry
        self.firstLook = firstLook
    }

    /// Looks a feed up for work that begins at once: its first opening goes by this very look.
    package static func lookedUp(_ name: FeedName, by entry: PackageStore) async throws(StoreError) -> Feed {
        let began = LinuxCalls().timeSinceBoot
        let found = try await entry.locate(name)
        return Feed(name, in: found.store, by: entry, firstLook: FirstLook(found, since: began))
    }

    /// The feed's record: policy, root, state, epoch.
    public func record() async throws(StoreError) -> FeedRecord { try await entry.locate(name).record }

    /// The feed as the catalog has it now, with its root open.
    /// - Throws: `notFound`, `wrongRoot`.
    package func open() async throws(StoreError) -> OpenFeed { try await opened().feed }

    /// - Returns: the feed, and whether its root was opened just now, rather than some time ago.
    private func opened() async throws(StoreError) -> (feed: OpenFeed, isFresh: Bool) {
        let (store, record) = if let found = firstLook?.take() { found } else { try await entry.locate(name) }
        if record.deletion?.step == .emptied { throw record.isBeingDeleted }
        let (root, isFresh) = try await store.roots.root(
            store.catalog.location(record), Root.Identity(.feed, feed: name, id: record.id))
        return (OpenFeed(feed: Feed(name, in: store, by: entry), record: record, root: root), isFresh)
    }

    /// The feed for work that writes: active, and its root still in its place. Waits for a migration as long as the
    /// store says.
    /// - Throws: `migrating`, `notFound`, `wrongRoot`.
    package func openForWriting() async throws(StoreError) -> OpenFeed {
        let clock = ContinuousClock()
        let end = clock.now + entry.waitForMigration
        var pause = Duration.milliseconds(50)
        while true {
            do throws(StoreError) { return try await openForWritingNow() } catch {
                guard error.code == .migrating, clock.now < end else { throw error }
                do { try await clock.sleep(for: pause) } catch { throw StoreError(.cancelled, "cancelled") }
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func openForWritingNow() async throws(StoreError) -> OpenFeed {
        let (opened, isFresh) = try await opened()
        switch opened.record.state {
        // One that is arriving was found by way of the catalog that says it has moved here.
        case .active, .arriving, .moved: break
        case .migrating:
            let place = opened.record.migration?.root?.description ?? "the server root"
            throw StoreError(
                .migrating,
                "the feed \"\(name)\" is being migrated to \(place); try again when that is done, or cancel it with "
                    + "\"blobtool migrate \(name) --abort\"",
                isRetryable: true)
        case .deleting:
            throw opened.record.isBeingDeleted
        }
        // To open it was to verify it.
        if !isFresh { try await opened.root.verify() }
        return opened
    }

    /// Of what was written just before a migration began to hold writers, the migration may take along what it finds.
    func unknown(_ meanwhile: String, _ error: StoreError) -> StoreError {
        StoreError(
            .outcomeUnknown,
            "the feed \"\(name)\" began to move \(meanwhile), and what was written may have moved with it; do the same "
                + "again when that is done (\(error.message))", isRetryable: true)
    }
}

/// A feed as one operation found it.
package struct OpenFeed: Sendable {
    package let feed: Feed
    package let record: FeedRecord
    package let root: Root

    package var storage: any Storage { root.storage }
    package var content: ContentStore { ContentStore(root.storage, gate: FeedGate(self)) }
    package var extras: Set<ExtraDigest> { Set(record.digests ?? []) }

    /// The record of a path; nil when it was never published.
    /// - Throws: `corrupt` when the record is garbled or names another path.
    package func package(_ path: PackagePath) async throws(StoreError) -> Stored<PackageRecord>? {
        guard let stored: Stored<PackageRecord> = try await storage.document(path.key) else { return nil }
        try stored.body.check(path)
        return stored
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
