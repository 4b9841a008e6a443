internal import Synchronization

/// Moves a feed to another root, while nodes read and write it.
///
/// First everything is copied with writers at work; then the catalog says "migrating" and its epoch grows, so that no
/// publication that began before can be reported done; then everything is listed once more and the rest is copied;
/// then one compare-and-swap points the feed at the new root, and the epoch grows again. Readers are served from the
/// source until then. Writers are held, with a typed error, only between the two swaps.
///
/// It can be stopped at any time and run again, by any machine: a lease sees to it that one works at a time, and a
/// dead one is taken over. The source is not touched; ``deleteSource(_:)`` is a step of its own.
///
/// *Guarantees*: every blob's bytes are hashed on their way and have their digest at the destination. A source with
/// damage is copied as far as it is whole, and the feed stays where it is, unless damage is allowed.
public struct MigrateOperation: Sendable {
    /// How to migrate.
    public struct Options: Sendable {
        /// Packages worked on at once; nil for as many as suit the two roots.
        public var jobs: Int?
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

        /// How many records a run remembers as secured, so that its last pass reads them once.
        var recordsRemembered = 1 << 20
        /// Returns when no server node works with a root that the feed has left; asked before one is deleted.
        public var awaitNodes: (@Sendable () async throws(StoreError) -> Void)?

        /// How to migrate, and who does it.
        public init(
            by: String, jobs: Int? = nil, isDryRun: Bool = false, verifiesByReading: Bool = false,
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
        /// How far the work is.
        case progress(WorkProgress)
        /// A package could not be copied.
        case failed(String, StoreError)
        /// A run of a node did not say that it ended: it waits up to so many seconds for a sign of life.
        case waiting(node: String, seconds: Int64)
        /// From now on writers are held, until ``released``.
        case held
        /// Writers continue.
        case released
    }

    /// What came of it.
    public struct Summary: Sendable, Equatable {
        /// Packages whose record was written at the destination (in a dry run: would be).
        public var copied: Int64 = 0
        /// Packages that were there already.
        public var skipped: Int64 = 0
        /// Packages that could not be copied.
        public var failed: Int64 = 0
        /// Bytes of content that were copied (in a dry run: would be), each content once.
        public var bytes: Int64 = 0
        /// Whether the feed is in its new root now.
        public var cutover = false
        /// How long writers were held.
        public var heldSeconds: Double = 0
        /// Of a dry run: about how long it would take, and how long writers would be held.
        public var secondsEstimated: Double = 0
        /// Of a dry run: about how long writers would be held.
        public var heldSecondsEstimated: Double = 0

        /// A summary of nothing.
        public init() {}
    }

    let feed: Feed
    let options: Options
    let report: @Sendable (Event) -> Void
    /// Another server root that the feed's new root may stand in.
    let outer: RootURL?

    /// A migration of one feed.
    /// - Parameter report: told what happens, from any thread.
    public init(_ feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void) {
        self.init(feed, options, inside: nil, report: report)
    }

    init(_ feed: Feed, _ options: Options, inside outer: RootURL?, report: @escaping @Sendable (Event) -> Void) {
        self.feed = feed
        self.options = options
        self.outer = outer
        self.report = report
    }

    var store: PackageStore { feed.store }

    /// Moves the feed.
    /// - Parameter url: an empty or missing place, or one that a migration of this feed began; nil for the feed's
    ///   place in the server root.
    /// - Throws: `unavailable`, naming who is at it, when another migrates this feed; `migrating` when it is on its way
    ///   to another place; `alreadyExists` when the place holds other things; `wrongRoot`.
    public func run(to url: RootURL?) async throws(StoreError) -> Summary {
        let target = try await store.lasting(url).flatMap {
            $0 == store.server.url.appending(Catalog.place(feed.name)) ? nil : $0
        }
        if options.isDryRun { return try await survey(target) }
        return try await holdingLease { (_) async throws(StoreError) in try await migrate(to: target) }
    }

    /// Gives a migration up: the feed stays in its source, and what was copied stays where it is, as a former root.
    /// - Throws: `notFound` when no migration is under way.
    public func abort() async throws(StoreError) {
        try await holdingLease { (_) async throws(StoreError) in
            let stored = try await store.catalog.feed(feed.name)
            guard let migration = stored.body.migration else {
                throw StoreError(.notFound, "the feed \"\(feed.name)\" is not being migrated")
            }
            var next = stored.body
            next.migration = nil
            next.leave(migration.root, id: migration.id, by: options.by)
            next.change(to: .active, root: next.root, id: next.id)
            _ = try await store.catalog.replace(stored, with: next)
        }
    }

    func holdingLease<Value: Sendable>(
        _ work: @escaping @Sendable (Lease) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await store.server.verify()
        _ = try await store.catalog.feed(feed.name)
        let lease = try await Lease.take(
            "migrate-\(feed.name)", of: store.server.storage, node: store.node,
            length: .seconds(options.leaseSeconds), waiting: { report(.waiting(node: $0, seconds: $1)) })
        return try await lease.hold { () async throws(StoreError) in try await work(lease) }
    }

    private func migrate(to target: RootURL?) async throws(StoreError) -> Summary {
        var summary = Summary()
        guard let stored = try await begin(target) else {
            summary.cutover = true  // It is there already.
            return summary
        }
        let copy = try await FeedCopy(feed, record: stored.body, options: options, with: opener, report)
        do throws(StoreError) {
            let count = try await copy.count()
            try await copy.pass("copying", .areSecured, of: count)
            let reachesEnd = copy.summary.failed == 0 || options.allowsDamage
            if reachesEnd { summary = try await cutOver(copy, of: count) } else { summary = copy.summary }
        } catch {
            await copy.close()
            throw error
        }
        await copy.close()
        return summary
    }

    /// Holds the writers, copies what is new, and points the feed at its new root; or lets the writers go again.
    private func cutOver(_ copy: FeedCopy, of count: Int64) async throws(StoreError) -> Summary {
        let began = ContinuousClock.now
        // Swapped also when it says "migrating" already: taking a dead migration over makes the epoch grow.
        let run = copy.goal.run
        let held = try await change(run) { $0.change(to: .migrating, root: $0.root, id: $0.id) }
        report(.held)
        do throws(StoreError) {
            try await copy.pass("copying what is new", .arePassed, of: count)
            guard copy.summary.failed == 0 || options.allowsDamage, let goal = held.body.migration else {
                try await release(run)
                return copy.summary
            }
            try await copy.deleteStrangers()
            // Nobody opens a gate there but in charge: whoever condemned something there is seen, or goes no further.
            let hasNoMarkers = try await copy.hasNoMarkers()
            _ = try await change(run) { record in
                record.forget(formerRoot: goal.id)
                record.leave(record.root, id: record.id, by: options.by)
                record.migration = nil
                record.change(to: .active, root: goal.root, id: goal.id, hasNoMarkers: hasNoMarkers)
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
        await copy.addToIndex()
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
        try await store.catalog.update(feed.name) { (record) throws(StoreError) in
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
                "the migration of feed \"\(feed)\" was finished, cancelled or taken over by another process; look, and try again"
            )
        }
    }
}
