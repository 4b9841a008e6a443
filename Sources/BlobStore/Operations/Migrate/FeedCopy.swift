internal import Synchronization

/// Copies a feed's content and records from its root to the root it is going to.
final class FeedCopy: Sendable {
    /// Where the feed is going, and by which run.
    let goal: FeedRecord.Destination
    let source: FeedVisit
    let destination: Root
    let options: MigrateOperation.Options
    private let report: @Sendable (MigrateOperation.Event) -> Void
    let counter: WorkCounter
    let budget = ByteBudget(48 << 20)
    let state = Mutex(MigrateOperation.Summary())
    private let failures = Mutex<Set<String>>([])
    /// Whether the destination can take content over without its bytes passing through here; nil while unknown.
    let canCopyInPlace = Mutex<Bool?>(nil)

    init(
        _ feed: Feed, _ record: FeedRecord, _ options: MigrateOperation.Options,
        _ report: @escaping @Sendable (MigrateOperation.Event) -> Void
    ) async throws(StoreError) {
        guard let goal = record.migration else { throw StoreError(.failed, "the feed is not being migrated") }
        self.goal = goal
        let place = feed.store.place(goal.root, of: feed.name)
        source = try await feed.visit()
        try source.record.expectMigration(goal.run)
        destination = try await Root.open(
            place, Root.Identity(.feed, feed: feed.name, id: goal.id), with: feed.store.opener)
        self.options = options
        self.report = report
        counter = WorkCounter("counting") { report(.progress($0)) }
    }

    var summary: MigrateOperation.Summary { state.withLock { $0 } }

    func close() async { await destination.storage.close() }

    /// What a pass does with records that are at the destination already.
    enum Known: Sendable {
        /// An earlier run wrote them, which may have died before it looked at their content.
        case areSecured
        /// This run wrote or secured them.
        case arePassed
    }

    /// How many packages the source has, by a listing of names alone.
    func count() async throws(StoreError) -> Int64 {
        var count: Int64 = 0
        for try await page in source.paths(PackageQuery()) {
            count += Int64(page.count)
            counter.add(items: Int64(page.count))
        }
        return count
    }

    /// Copies what the destination does not have yet. The listing begins after the call.
    func pass(_ phase: String, _ known: Known, of count: Int64? = nil) async throws(StoreError) {
        try await source.root.verify()
        try await destination.verify()
        state.withLock { $0.failed = 0 }
        counter.begin(phase, itemsTotal: count)
        var pages = source.paths(PackageQuery()).makeAsyncIterator()
        while let page = try await pages.next() {
            try await copy(page, known)
        }
    }

    /// Copies a page of packages: those whose records differ.
    ///
    /// That this run is still the one at work is made sure of after both were read: who was paused since then, while
    /// another went on, finds at the destination another record than he read, or would write the same.
    private func copy(_ page: [PackagePath], _ known: Known) async throws(StoreError) {
        let keys = page.map(\.key)
        let there = await destination.storage.readRecords(keys)
        let here = await source.storage.readRecords(keys)
        try await source.feed.record().expectMigration(goal.run)
        var work: [(PackagePath, Result<Record?, StoreError>, Record?)] = []
        for ((path, found), present) in zip(zip(page, here), there) {
            let present = try present.get()
            if known == .arePassed, case .success(let record?) = found, record.bytes == present?.bytes {
                counter.add(items: 1)
            } else {
                work.append((path, found, present))
            }
        }
        try await concurrently(options.jobs, work) { [self] (item) async throws(StoreError) in
            try await copy(item.0, item.1, over: item.2)
            counter.add(items: 1)
        }
    }

    private func copy(
        _ path: PackagePath, _ found: Result<Record?, StoreError>, over present: Record?
    ) async throws(StoreError) {
        do throws(StoreError) {
            guard let record = try found.get() else { return }
            let stored: Stored<PackageRecord> = try Stored(record, at: path.key)
            try stored.body.check(path)
            if try await source.isExpired(stored.body) {
                // It is left behind, unless it would leave a package there undeleted.
                if present == nil || record.bytes == present?.bytes { return }
                return try await atDestination { () async throws(StoreError) in
                    try await write(record.bytes, at: path.key, over: present)
                }
            }
            try await copyContent(of: stored.body)
            try await atDestination { () async throws(StoreError) in
                try await place(record.bytes, stored.body, over: present)
            }
        } catch {
            // Only damage of the source is damage that can be allowed.
            if error.code.stopsMigration || error.root == destination.storage.address { throw error }
            let isNew = failures.withLock { $0.insert(path.text).inserted }
            state.withLock { $0.failed += 1 }
            if isNew { report(.failed(path.text, error)) }
        }
    }

    /// Whatever fails here and is not known to be the source's failure is the destination's.
    func atDestination<Value: Sendable>(
        _ work: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        do throws(StoreError) { return try await work() } catch {
            throw error.during("migrate", root: destination.storage.address)
        }
    }

    /// Makes sure that the record is at the destination, after its content.
    private func place(
        _ bytes: [UInt8], _ record: PackageRecord, over present: Record?
    ) async throws(StoreError) {
        if bytes == present?.bytes {
            try await destination.storage.flushRecord(record.path.key)
        } else {
            try await write(bytes, at: record.path.key, over: present)
        }
        try await settle(record)
        state.withLock { if bytes == present?.bytes { $0.skipped += 1 } else { $0.copied += 1 } }
    }

    /// The record goes over byte for byte, so that what was copied is recognized.
    private func write(_ bytes: [UInt8], at key: Key, over present: Record?) async throws(StoreError) {
        do throws(StoreError) {
            _ = try await destination.storage.writeRecord(
                key, bytes, expecting: present.map { .version($0.version) } ?? .absent)
        } catch  where error.code == .preconditionFailed || error.code == .outcomeUnknown {
            // Nobody else writes there but a migration that was taken over and has not noticed.
            guard try await destination.storage.readRecord(key)?.bytes == bytes else { throw error }
        }
    }
}

extension StoreError.Code {
    /// Whether the rest would fail for the same reason.
    fileprivate var stopsMigration: Bool {
        switch self {
        case .cancelled, .wrongRoot, .outOfSpace, .readOnly, .unavailable: true
        // Another migrator is at work there.
        case .preconditionFailed, .outcomeUnknown: true
        default: false
        }
    }
}
