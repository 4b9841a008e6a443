internal import Synchronization

/// Copies a feed's content and records from its root to the root it is going to.
final class FeedCopy: Sendable {
    /// Where the feed is going, and by which run.
    let goal: FeedRecord.Destination
    private let source: FeedVisit
    private let destination: Root
    private let options: MigrateOperation.Options
    private let report: @Sendable (MigrateOperation.Event) -> Void
    private let counter: WorkCounter
    private let budget = ByteBudget(48 << 20)
    private let state = Mutex(MigrateOperation.Summary())
    private let failures = Mutex<Set<String>>([])

    init(
        _ feed: Feed, _ record: FeedRecord, _ options: MigrateOperation.Options,
        _ report: @escaping @Sendable (MigrateOperation.Event) -> Void
    ) async throws(StoreError) {
        guard let goal = record.migration else { throw StoreError(.failed, "the feed is not being migrated") }
        self.goal = goal
        let place = goal.root ?? feed.store.server.url.appending(Catalog.place(feed.name))
        source = try await feed.visit()
        try source.record.expectMigration(goal.run)
        destination = try await Root.open(
            place, Root.Identity(.feed, feed: feed.name, id: goal.id), with: feed.store.opener)
        self.options = options
        self.report = report
        counter = WorkCounter("copying") { report(.progress($0)) }
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

    /// Copies what the destination does not have yet. The listing begins after the call.
    func pass(_ phase: String, _ known: Known) async throws(StoreError) {
        try await source.root.verify()
        try await destination.verify()
        state.withLock { $0.failed = 0 }
        counter.begin(phase)
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
            if source.isExpired(stored.body) {
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
    private func atDestination<Value: Sendable>(
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
            state.withLock { $0.skipped += 1 }
        } else {
            try await write(bytes, at: record.path.key, over: present)
            try await lookAgain(at: record)
            state.withLock { $0.copied += 1 }
        }
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

    /// Copies all content that a record keeps: of what was deleted and of former revisions as far as it is there.
    private func copyContent(of record: PackageRecord) async throws(StoreError) {
        for reference in record.allReferences {
            do throws(StoreError) {
                try await copy(reference.digest, reference.size)
            } catch  where error.code == .notFound && reference.kind != .current {}
        }
    }

    /// Copies once more what a collector took away that listed before the record was there: one that began when the
    /// feed stood at the destination before.
    private func lookAgain(at record: PackageRecord) async throws(StoreError) {
        let content = ContentStore(destination.storage)
        for reference in record.allReferences {
            if try await content.stat(reference.digest)?.size == reference.size { continue }
            do throws(StoreError) {
                try await copy(reference.digest, reference.size)
            } catch  where error.code == .notFound && reference.kind != .current {}
        }
    }

    private func copy(_ digest: Digest, _ size: Int64) async throws(StoreError) {
        try await budget.spend(min(max(size, 65_536), 6 << 20)) { () async throws(StoreError) in
            let isThere = try await atDestination { () async throws(StoreError) in
                guard try await destination.storage.refreshObject(FeedLayout.blob(digest), size: size) else {
                    return false
                }
                return try await readsBack(digest)
            }
            if isThere { return }
            try await write(digest, size)
            state.withLock { $0.bytes += size }
            counter.add(bytes: size)
        }
    }

    private func write(_ digest: Digest, _ size: Int64) async throws(StoreError) {
        let content = ContentStore(destination.storage)
        let address = source.storage.address
        try await source.content.read(digest, size: size) { (reading) async throws(StoreError) in
            let next = reading.chunks.puller()
            let chunks = AsyncPull { () async throws(StoreError) -> [UInt8]? in
                do throws(StoreError) { return try await next() } catch {
                    throw error.during("readObject", root: address)
                }
            }
            try await atDestination { () async throws(StoreError) in
                let staged = try await content.stage(chunks, expecting: digest)
                _ = try await content.secure(staged)
                guard try await readsBack(digest) else {
                    throw StoreError(.corrupt, "what was written as \(digest) was read back as something else")
                }
            }
        }
    }

    /// Whether a blob of the destination reads well, where that is asked for. What does not goes to quarantine, so that
    /// the next run writes it again.
    private func readsBack(_ digest: Digest) async throws(StoreError) -> Bool {
        guard options.verifiesByReading else { return true }
        let content = ContentStore(destination.storage)
        if try await content.isGood(FeedLayout.blob(digest), digest) { return true }
        try await content.quarantine(digest, why: "its bytes were others when they were read back", by: options.by)
        return false
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
