internal import Synchronization

/// Copies a feed's content and records from its root to the root it is going to.
final class FeedCopy: Sendable {
    /// Where the feed is going, and by which run.
    let goal: FeedRecord.Destination
    let source: OpenFeed
    let destination: Root
    let options: MigrateOperation.Options
    private let report: @Sendable (MigrateOperation.Event) -> Void
    let counter: WorkCounter
    let budget = ByteBudget(48 << 20)
    let state = Mutex(MigrateOperation.Summary())
    private let failures = Mutex<Set<String>>([])
    /// Whether no collector can be at work at the destination, and so there is nobody to settle with.
    let isUncollected = Mutex(false)
    /// What this run has copied or found there: so many bytes of the hash of each record with its path. Of what is
    /// beyond the bound the record at the destination is read again.
    private let secured = Mutex<Set<SecuredRecord>>([])
    /// Whether the destination can take content over without its bytes passing through here; nil while unknown.
    let canCopyInPlace = Mutex<Bool?>(nil)

    init(
        _ feed: Feed, record: FeedRecord, options: MigrateOperation.Options,
        with opener: (any StorageOpener)? = nil,
        _ report: @escaping @Sendable (MigrateOperation.Event) -> Void
    ) async throws(StoreError) {
        guard let goal = record.migration else { throw StoreError(.failed, "the feed is not being migrated") }
        self.goal = goal
        let place = feed.store.place(goal.root, of: feed.name)
        source = try await feed.open()
        try source.record.expectMigration(goal.run)
        destination = try await Root.open(
            place, Root.Identity(.feed, feed: feed.name, id: goal.id),
            with: opener ?? feed.store.opener)
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
        let isUncollected = try await cannotBeCollected()
        self.isUncollected.withLock { $0 = isUncollected }
        counter.begin(phase, itemsTotal: count)
        var pages = source.paths(PackageQuery()).makeAsyncIterator()
        while let page = try await pages.next() {
            try await copy(page, known)
        }
    }

    /// Copies a page of packages: those whose records differ.
    ///
    /// That this run is still the one at work is made sure of after both were read: who was paused since then, while
    /// another went on, finds at the destination another record than it read, or would write the same.
    private func copy(_ page: [PackagePath], _ known: Known) async throws(StoreError) {
        var work: [(path: PackagePath, found: Result<Record?, StoreError>)] = []
        for (path, found) in zip(page, await source.storage.readRecords(page.map(\.key))) {
            if known == .arePassed, case .success(let record?) = found, isSecured(path, record) { continue }
            work.append((path, found))
        }
        let present = try await recordsThere(work.map(\.path))
        try await source.feed.record().expectMigration(goal.run)
        counter.add(items: Int64(page.count - work.count))
        let forgets = known == .arePassed && secured.withLock { $0.count >= options.recordsRemembered }
        try await concurrently(jobs, work) { [self] (item) async throws(StoreError) in
            defer { counter.add(items: 1) }
            let there = present[item.path]
            if forgets, case .success(let record?) = item.found, record.bytes == there?.bytes { return }
            try await copy(item.path, item.found, over: there)
        }
    }

    var jobs: Int {
        let isBucket = !destination.storage.capabilities.atomicMove || !source.storage.capabilities.atomicMove
        return options.jobs ?? (isBucket ? 128 : 16)
    }

    /// The records at the destination, of which only those are read that a listing shows, where that costs less.
    private func recordsThere(_ paths: [PackagePath]) async throws(StoreError) -> [PackagePath: Record] {
        let there = OpenFeed(feed: source.feed, record: source.record, root: destination)
        let recorded = try await there.recorded(among: paths)
        let asked = paths.filter { recorded?.contains($0.key) ?? true }
        var found: [PackagePath: Record] = [:]
        for (path, result) in zip(asked, await destination.storage.readRecords(asked.map(\.key))) {
            found[path] = try result.get()
        }
        return found
    }

    /// A record that stands at the destination with its content, settled.
    private struct SecuredRecord: Hashable {
        let first: UInt64
        let second: UInt64

        init?(_ path: PackagePath, _ bytes: [UInt8]) {
            guard let digest = try? Digest(of: Array(path.text.utf8) + [0] + bytes) else { return nil }
            let hex = digest.hex
            guard let first = UInt64(hex.prefix(16), radix: 16),
                let second = UInt64(hex.dropFirst(16).prefix(16), radix: 16)
            else { return nil }
            (self.first, self.second) = (first, second)
        }
    }

    private func isSecured(_ path: PackagePath, _ record: Record) -> Bool {
        SecuredRecord(path, record.bytes).map { mark in secured.withLock { $0.contains(mark) } } ?? false
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
            try await copyContent(of: stored.body, isNew: present == nil)
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
        guard let mark = SecuredRecord(record.path, bytes) else { return }
        secured.withLock { if $0.count < options.recordsRemembered { $0.insert(mark) } }
    }

    /// The record goes over byte for byte, so that what was copied is recognized.
    private func write(_ bytes: [UInt8], at key: Key, over present: Record?) async throws(StoreError) {
        do throws(StoreError) {
            _ = try await destination.storage.writeRecord(
                key, bytes, expecting: present.map { .version($0.version) } ?? .absent)
        } catch  where error.code == .preconditionFailed || error.code == .outcomeUnknown {
            // Nobody else writes there but a migration that was taken over and has not noticed.
            guard try await destination.storage.readRecord(key)?.bytes == bytes else { throw error }
            // It is there to be read; the flush that failed may have been the one that would have kept it.
            try await destination.storage.flushRecord(key)
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
