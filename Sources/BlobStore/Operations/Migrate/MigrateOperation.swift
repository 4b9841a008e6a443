internal import FoundationEssentials
internal import Synchronization

/// Moves a feed to another root, while nodes read and write it.
///
/// First everything is copied with writers at work; then the catalog says "migrating" and its epoch grows, so that no
/// publication that began before can be reported done; then everything is listed once more and the rest is copied;
/// then one compare-and-swap points the feed at the new root, and the epoch grows again. Readers are served from the
/// source until then. Writers are held, with a typed error, only between the two swaps.
///
/// It can be stopped at any time and run again, by any machine: a lease sees to it that one works at a time, and a
/// dead one is taken over. The source is not touched; ``deleteSource()`` is a step of its own.
///
/// *Guarantees*: every blob's bytes are hashed on their way and have their digest at the destination. A source with
/// damage is copied as far as it is whole, and the feed stays where it is, unless damage is allowed.
public struct MigrateOperation: Sendable {
    /// How to migrate.
    public struct Options: Sendable {
        /// Packages worked on at once.
        public var jobs: Int
        /// Who migrates.
        public var by: String
        /// Only says what there is to do.
        public var isDryRun: Bool
        /// Reads back what was written, and hashes it.
        public var verifiesByReading: Bool
        /// Cuts over although some packages could not be copied whole.
        public var allowsDamage: Bool
        /// How long another machine waits before it takes a dead migration over.
        public var leaseSeconds: Int64

        public init(
            by: String, jobs: Int = 16, isDryRun: Bool = false, verifiesByReading: Bool = false,
            allowsDamage: Bool = false, leaseSeconds: Int64 = 15
        ) {
            self.by = by
            self.jobs = jobs
            self.isDryRun = isDryRun
            self.verifiesByReading = verifiesByReading
            self.allowsDamage = allowsDamage
            self.leaseSeconds = leaseSeconds
        }
    }

    /// What happens on the way.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// A package could not be copied.
        case failed(String, StoreError)
        /// From now on writers are held, until ``released``.
        case held
        case released
    }

    /// What came of it.
    public struct Summary: Sendable, Equatable {
        /// Packages whose record was written at the destination (in a dry run: would be).
        public var copied: Int64 = 0
        /// Packages that were there already.
        public var skipped: Int64 = 0
        public var failed: Int64 = 0
        /// Bytes of content that were copied.
        public var bytes: Int64 = 0
        /// Whether the feed is in its new root now.
        public var cutover = false
        /// How long writers were held.
        public var heldSeconds: Double = 0

        public init() {}
    }

    let feed: Feed
    let options: Options
    let report: @Sendable (Event) -> Void

    public init(_ feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void) {
        self.feed = feed
        self.options = options
        self.report = report
    }

    private var store: PackageStore { feed.store }

    /// Moves the feed.
    /// - Parameter url: an empty or missing place, or one that a migration of this feed began; nil for the feed's
    ///   place in the server root.
    /// - Throws: `unavailable`, naming who is at it, when another migrates this feed; `migrating` when it is on its way
    ///   to another place; `alreadyExists` when the place holds other things; `wrongRoot`.
    public func run(to url: RootURL?) async throws(StoreError) -> Summary {
        let target = url.flatMap { $0 == store.server.url.appending(Catalog.place(feed.name)) ? nil : $0 }
        if options.isDryRun { return try await survey(target) }
        return try await holdingLease { () async throws(StoreError) in try await migrate(to: target) }
    }

    /// Gives a migration up: the feed stays in its source, and what was copied stays where it is.
    /// - Throws: `notFound` when no migration is under way.
    public func abort() async throws(StoreError) {
        try await holdingLease { () async throws(StoreError) in
            let stored = try await store.catalog.feed(feed.name)
            guard stored.body.migration != nil else {
                throw StoreError(.notFound, "the feed \"\(feed.name)\" is not being migrated")
            }
            var next = stored.body
            next.migration = nil
            next.change(to: .active, root: next.root, id: next.id)
            _ = try await store.catalog.replace(stored, with: next)
        }
    }

    func holdingLease<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await store.server.verify()
        _ = try await store.catalog.feed(feed.name)
        let lease = try await Lease.take(
            "migrate-\(feed.name)", of: store.server.storage, node: store.node,
            length: .seconds(options.leaseSeconds))
        return try await lease.hold(work)
    }

    private func migrate(to target: RootURL?) async throws(StoreError) -> Summary {
        var summary = Summary()
        guard let stored = try await begin(target) else {
            summary.cutover = true  // It is there already.
            return summary
        }
        let copy = try await FeedCopy(feed, stored.body, options, report)
        do throws(StoreError) {
            try await copy.pass("copying", .areSecured)
            let reachesEnd = copy.summary.failed == 0 || options.allowsDamage
            if reachesEnd { summary = try await cutOver(copy) } else { summary = copy.summary }
        } catch {
            await copy.close()
            throw error
        }
        await copy.close()
        return summary
    }

    /// Notes in the catalog where the feed is going, so that another machine goes on with the same, and which run is at
    /// work, so that no other goes on at the same time without noticing.
    /// - Returns: nil when it is there already.
    private func begin(_ target: RootURL?) async throws(StoreError) -> Stored<FeedRecord>? {
        let stored = try await store.catalog.feed(feed.name)
        let record = stored.body
        if record.state == .deleting { throw StoreError(.notFound, "the feed \"\(feed.name)\" is being deleted") }
        var next = record
        if let migration = record.migration {
            guard migration.root == target else {
                let place = migration.root?.description ?? "the server root"
                throw StoreError(
                    .migrating,
                    "the feed \"\(feed.name)\" is being migrated to \(place): finish that, or give it up with --abort")
            }
        } else if record.root == target {
            return nil
        } else {
            next.migration = try await destination(target, of: record)
        }
        next.migration?.run = UUID().uuidString.lowercased()
        return try await store.catalog.replace(stored, with: next)
    }

    /// Makes the root that the feed is going to.
    private func destination(
        _ target: RootURL?, of record: FeedRecord
    ) async throws(StoreError) -> FeedRecord.Destination {
        let place = target ?? store.server.url.appending(Catalog.place(feed.name))
        let (root, isNew) = try await Root.create(
            place, Root.Identity(.feed, feed: feed.name), inside: store.server.url, with: store.opener)
        let holds = isNew ? false : try await root.holdsPackages()
        await root.storage.close()
        guard !holds || root.id == record.former?.id else {
            throw StoreError(
                .alreadyExists,
                "\(place) holds packages, and is neither the last former root of feed \"\(feed.name)\" nor the one that it "
                    + "is going to: choose an empty place")
        }
        return FeedRecord.Destination(root: target, id: root.id, since: .now, by: options.by)
    }

    /// Holds the writers, copies what is new, and points the feed at its new root; or lets the writers go again.
    private func cutOver(_ copy: FeedCopy) async throws(StoreError) -> Summary {
        let began = ContinuousClock.now
        // Swapped also when it says "migrating" already: taking a dead migration over makes the epoch grow.
        let run = copy.goal.run
        let held = try await change(run) { $0.change(to: .migrating, root: $0.root, id: $0.id) }
        report(.held)
        do throws(StoreError) {
            try await copy.pass("copying what is new", .arePassed)
            guard copy.summary.failed == 0 || options.allowsDamage, let goal = held.body.migration else {
                try await release(run)
                return copy.summary
            }
            _ = try await change(run) { record in
                record.former = FeedRecord.Destination(root: record.root, id: record.id, since: .now, by: options.by)
                record.migration = nil
                record.change(to: .active, root: goal.root, id: goal.id)
            }
        } catch {
            // Why it ended matters more than that the writers could not be let go: the same command does it again.
            try? await release(run)
            throw error
        }
        report(.released)
        var summary = copy.summary
        summary.cutover = true
        summary.heldSeconds = (ContinuousClock.now - began) / .seconds(1)
        return summary
    }

    /// Lets the writers go, cancelled or not.
    private func release(_ run: String?) async throws(StoreError) {
        _ = try await uncancelled { () async throws(StoreError) in
            try await change(run) { $0.change(to: .active, root: $0.root, id: $0.id) }
        }
        report(.released)
    }

    /// Changes the feed's record while this run is the one at work.
    private func change(
        _ run: String?, _ change: (inout FeedRecord) -> Void
    ) async throws(StoreError) -> Stored<FeedRecord> {
        try await store.server.storage.update(Catalog.key(feed.name), as: FeedRecord.self) {
            (record) throws(StoreError) in
            try record.expectMigration(run)
            var next = record
            change(&next)
            return next
        }
    }
}

extension FeedRecord {
    /// - Throws: `preconditionFailed` when another run is at work, or none.
    func expectMigration(_ run: String?) throws(StoreError) {
        guard let run, migration?.run == run else {
            throw StoreError(
                .preconditionFailed,
                "the migration of feed \"\(feed)\" was finished, given up or taken over by another: look, and try again"
            )
        }
    }
}
