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
    /// beyond the bound the record at the destination is read again. Where listings of the source tell what stands in a
    /// record, it is known by what they tell, and need not be read in order to be recognized.
    private let secured = Mutex<Set<SecuredRecord>>([])
    /// Whether listings of the source show at once what was written.
    private let listsAtOnce = Mutex(false)
    /// What was written at the destination, for the index there.
    private let additions: IndexAdditions
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
        additions = IndexAdditions(to: destination.storage)
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
        let listsAtOnce = await source.storage.listsRecordsAtOnce(measuring: true)
        self.listsAtOnce.withLock { $0 = listsAtOnce }
        counter.begin(phase, itemsTotal: count)
        let walk = RecordWalk(source.storage, for: .work)
        var pages = source.storage.listedPaths(PackageQuery()).makeAsyncIterator()
        while let page = try await pages.next() {
            try await copy(page, by: walk, known)
        }
    }

    /// Puts what was written at the destination into the index there, as far as that is possible.
    func addToIndex() async { await additions.end() }

    /// Copies a page of packages: those whose records differ.
    ///
    /// That this run is still the one at work is made sure of after both were read: who was paused since then, while
    /// another went on, finds at the destination another record than it read, or would write the same.
    private func copy(_ page: [ListedPath], by walk: RecordWalk, _ known: Known) async throws(StoreError) {
        let asked = known == .arePassed ? page.filter { !isSecured($0) } : page
        var work: [(listed: ListedPath, found: Result<Record?, StoreError>)] = []
        for (listed, found) in zip(asked, await walk.read(walk.page(asked.map(\.record)))) {
            if known == .arePassed, case .success(let record?) = found, isSecured(listed.path, record) { continue }
            work.append((listed, found))
        }
        let present = try await recordsThere(work.map(\.listed.path))
        try await source.feed.record().expectMigration(goal.run)
        counter.add(items: Int64(page.count - work.count))
        let forgets = known == .arePassed && secured.withLock { $0.count >= options.recordsRemembered }
        try await concurrently(jobs, work) { [self] (item) async throws(StoreError) in
            defer { counter.add(items: 1) }
            let there = present[item.listed.path]
            if forgets, case .success(let record?) = item.found, record.bytes == there?.bytes { return }
            try await copy(item.listed, item.found, over: there)
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
        let asked = paths.filter { path in recorded.map { $0[path.key] != nil } ?? true }
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

        init?(_ path: PackagePath, _ bytes: [UInt8]) { self.init(path, marked: 0, bytes) }

        /// By what a listing tells; nil where it does not tell enough.
        init?(_ listed: ListedPath) {
            guard let info = listed.info, let md5 = info.listedMD5 else { return nil }
            self.init(listed.path, marked: 1, Array("\(info.size) \(md5)".utf8))
        }

        private init?(_ path: PackagePath, marked mark: UInt8, _ bytes: [UInt8]) {
            guard let digest = try? Digest(of: Array(path.text.utf8) + [0, mark] + bytes) else { return nil }
            (first, second) = digest.halves
        }
    }

    private func isSecured(_ path: PackagePath, _ record: Record) -> Bool {
        SecuredRecord(path, record.bytes).map { mark in secured.withLock { $0.contains(mark) } } ?? false
    }

    private func isSecured(_ listed: ListedPath) -> Bool {
        guard listsAtOnce.withLock({ $0 }), let mark = SecuredRecord(listed) else { return false }
        return secured.withLock { $0.contains(mark) }
    }

    /// How a record that was secured is recognized: by what the listing told, if that is what was read.
    private func mark(_ listed: ListedPath, _ bytes: [UInt8]) -> SecuredRecord? {
        let isListed = IndexEntry(key: listed.path.key, bytes: bytes).isListed(listed.info)
        return isListed ? SecuredRecord(listed) : SecuredRecord(listed.path, bytes)
    }

    private func copy(
        _ listed: ListedPath, _ found: Result<Record?, StoreError>, over present: Record?
    ) async throws(StoreError) {
        let path = listed.path
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
                try await place(record.bytes, stored.body, listed: listed, over: present)
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
        _ bytes: [UInt8], _ record: PackageRecord, listed: ListedPath, over present: Record?
    ) async throws(StoreError) {
        if bytes == present?.bytes {
            try await destination.storage.flushRecord(record.path.key)
        } else {
            try await write(bytes, at: record.path.key, over: present)
        }
        try await settle(record)
        state.withLock { if bytes == present?.bytes { $0.skipped += 1 } else { $0.copied += 1 } }
        if bytes != present?.bytes { await additions.add(record.path.key, bytes) }
        guard let mark = mark(listed, bytes) else { return }
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
