/// Moves a whole server root: every feed without a root of its own, and the catalog, feed by feed.
///
/// First each feed that stands in the old server root is migrated to its place in the new one, while the old catalog
/// stays in charge; feeds with roots of their own stay where they are. Then the old catalog is closed to new feeds, and
/// hands over its records one by one. Nodes that were started with the old server root are sent on to the new one,
/// feed by feed and then as a whole; they need not be restarted at a certain moment.
///
/// API keys and the secrets that nodes share come along at the end; jobs, heartbeats and leases do not.
///
/// It can be stopped at any time and run again, by any machine. The old server root is not touched but for its catalog;
/// what the feeds left behind is freed by ``deleteSources(_:)``, and the old catalog stays, to send others on.
public struct ServerMigration: Sendable {
    /// What happens on the way.
    public enum Event: Sendable {
        /// A run of a node did not say that it ended: it waits up to so many seconds for a sign of life.
        case waiting(node: String, seconds: Int64)
        /// A feed's packages are being migrated.
        case feed(FeedName, MigrateOperation.Event)
        /// A feed's packages are in their new root.
        case migrated(FeedName, MigrateOperation.Summary)
        /// A feed's record is in the new catalog.
        case handedOver(FeedName)
        /// A feed could not be moved.
        case failed(FeedName, StoreError)
    }

    /// What came of it.
    public struct Summary: Sendable, Equatable {
        /// Feeds whose records are in the new catalog (in a dry run: would be), or whose former roots were freed.
        public var feeds: Int64 = 0
        /// Feeds that could not be moved.
        public var failedFeeds: Int64 = 0
        /// What was copied of all feeds together.
        public var packages = MigrateOperation.Summary()

        /// A summary of nothing.
        public init() {}

        /// Whether the new server root is in charge of everything.
        public var cutover: Bool { packages.cutover }
    }

    let store: PackageStore
    let options: MigrateOperation.Options
    let report: @Sendable (Event) -> Void

    /// A migration of a whole server root.
    /// - Parameter report: told what happens, from any thread.
    public init(
        _ store: PackageStore, _ options: MigrateOperation.Options, report: @escaping @Sendable (Event) -> Void
    ) {
        self.store = store
        self.options = options
        self.report = report
    }

    /// Moves the server root.
    /// - Parameter url: an empty or missing place, or one that a migration of this server root began.
    /// - Throws: `unavailable`, naming who is at it, when another does the same; `migrating` when the server root is on
    ///   its way to another place; `alreadyExists` when the place holds other things; `invalidArgument` when it lies
    ///   in another root, or around one.
    public func run(to url: RootURL) async throws(StoreError) -> Summary {
        let url = try await store.opener.schemes.lasting(url)
        var summary = Summary()
        if url == store.url {
            summary.packages.cutover = true  // It is there already.
            return summary
        }
        if options.isDryRun {
            try await refuse(url, try await ServerHandover.find(in: store.server.storage)?.body)
            try await eachFeed(&summary) { (name, summary) async throws(StoreError) in
                try await migrate(name, into: url, &summary)
                summary.feeds += 1
            }
            return summary
        }
        return try await holdingLease { () async throws(StoreError) in try await move(to: url) }
    }

    func holdingLease<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await store.server.verify()
        let lease = try await Lease.take(
            "migrate-server", of: store.server.storage, node: store.node, length: .seconds(options.leaseSeconds),
            waiting: { report(.waiting(node: $0, seconds: $1)) })
        return try await lease.hold { () async throws(StoreError) in try await work() }
    }

    private func move(to url: RootURL) async throws(StoreError) -> Summary {
        let (successor, note) = try await begin(url)
        do throws(StoreError) {
            let summary = try await move(to: successor, note)
            await successor.storage.close()
            return summary
        } catch {
            await successor.storage.close()
            throw error
        }
    }

    private func move(to successor: Root, _ note: Stored<ServerHandover>) async throws(StoreError) -> Summary {
        var summary = Summary()
        try await eachFeed(&summary) { (name, summary) async throws(StoreError) in
            try await migrate(name, into: successor.url, &summary)
        }
        if summary.failedFeeds > 0 { return summary }
        let closed = note.body.isClosed ? note : try await advance(note, to: .closing)
        let handover = FeedHandover(store, to: successor, by: options.by)
        // The listing begins after the catalog was closed, and so has every feed that anybody was told is made.
        try await eachFeed(&summary) { (name, summary) async throws(StoreError) in
            try await migrate(name, into: successor.url, &summary)
            _ = try await handover(name)
            summary.feeds += 1
            report(.handedOver(name))
        }
        if summary.failedFeeds > 0 { return summary }
        try await carryCluster(to: successor)
        try await sayArrived(at: successor)
        _ = try await advance(closed, to: .done)
        summary.packages.cutover = true
        return summary
    }

    /// Works on every feed of the catalog; one that fails is reported, and the others go on.
    func eachFeed(
        _ summary: inout Summary, _ work: (FeedName, inout Summary) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        for try await page in store.catalog.names() {
            for name in page {
                do throws(StoreError) {
                    try await work(name, &summary)
                } catch {
                    if error.code == .cancelled || error.root == store.url.description { throw error }
                    summary.failedFeeds += 1
                    report(.failed(name, error))
                }
            }
        }
    }

    /// Migrates a feed that stands in the old server root to its place in the new one.
    /// - Throws: `corrupt` when not all of it could be copied; why was reported.
    private func migrate(_ name: FeedName, into url: RootURL, _ summary: inout Summary) async throws(StoreError) {
        let record = try await store.catalog.existing(name).body
        if record.state == .moved || record.root != nil { return }
        let operation = MigrateOperation(Feed(name, in: store), options, inside: url) { report(.feed(name, $0)) }
        let done = try await operation.run(to: url.appending(Catalog.place(name)))
        summary.packages.add(done)
        if !done.cutover && !options.isDryRun {
            throw StoreError(
                .corrupt, "the feed \"\(name)\" stays where it is because some of its packages could not be copied")
        }
        report(.migrated(name, done))
    }
}

extension MigrateOperation.Summary {
    fileprivate mutating func add(_ other: Self) {
        copied += other.copied
        skipped += other.skipped
        failed += other.failed
        bytes.add(stated: other.bytes)
        heldSeconds += other.heldSeconds
        secondsEstimated += other.secondsEstimated
        heldSecondsEstimated = max(heldSecondsEstimated, other.heldSecondsEstimated)
    }
}
