internal import Synchronization

/// The records of a feed's packages that were read lately.
///
/// Only what is published is kept, never an absence: so what one node has published, any other finds at once.
final class RecordCache: Sendable {
    /// A record that takes more than this is not kept.
    private static let largestBytes = 16 << 10
    /// One that takes no more than this is kept as it was read, too: while it is the same, it need not be decoded.
    private static let largestRawBytes = 1 << 10

    /// What is looked up: a path of a feed as it was found. Once the feed has changed, its packages are looked up anew.
    private struct Key: Hashable, Sendable {
        let epoch: Int64
        let path: PackagePath
    }

    private struct Found: Sendable {
        let stored: Stored<PackageRecord>?
        let raw: Record?
        let epoch: Int64
        /// When the reading began.
        let since: Duration
        /// How much had been written through this cache by then.
        let writes: Int
    }

    private struct State: Sendable {
        var records: BoundedCache<PackagePath, Found>
        var writes = 0
    }

    private let bound: Duration
    private let now: @Sendable () -> Duration
    private let state: Mutex<State>
    private let flights = SingleFlight<Key, Found>()

    /// - Parameters:
    ///   - count: at most so many records are kept.
    ///   - bound: so long after its reading began.
    init(count: Int, bound: Duration, now: @escaping @Sendable () -> Duration) {
        self.bound = bound
        self.now = now
        state = Mutex(State(records: BoundedCache(bound: count)))
    }

    /// So many records are kept now.
    var count: Int { state.withLock { $0.records.count } }

    /// The record of a path as it was kept; nil where it must be read.
    func known(_ path: PackagePath, in feed: OpenFeed, at time: Duration) -> Stored<PackageRecord>? {
        if feed.record.admitsReplacing(path) { return nil }
        guard let found = state.withLock({ $0.records.value(path) }), found.epoch == feed.record.epoch,
            isCurrent(found, at: time)
        else { return nil }
        return found.stored
    }

    /// The record of a path, as it was kept or is read now; nil when it was never published.
    func record(_ path: PackagePath, in feed: OpenFeed) async throws(StoreError) -> Stored<PackageRecord>? {
        if let known = known(path, in: feed, at: now()) { return known }
        let isKept = !feed.record.admitsReplacing(path)
        let epoch = feed.record.epoch
        return try await flights.value(
            of: Key(epoch: epoch, path: path),
            accepting: { found in isKept && isCurrent(found) && state.withLock { $0.writes == found.writes } }
        ) { () async throws(StoreError) in try await read(path, in: feed, isKept: isKept) }.stored
    }

    /// Forgets a path, which was or may have been written. What is being read of any path meanwhile is not kept.
    func forget(_ path: PackagePath) {
        state.withLock { state in
            state.writes += 1
            state.records.remove(path)
        }
    }

    private func read(_ path: PackagePath, in feed: OpenFeed, isKept: Bool) async throws(StoreError) -> Found {
        let (since, writes) = (now(), state.withLock { $0.writes })
        let record = try await feed.storage.readRecord(path.key)
        let before = isKept ? state.withLock { $0.records.value(path) } : nil
        let stored: Stored<PackageRecord>?
        if let record, let before, before.raw == record {
            stored = before.stored
        } else {
            stored = try record.map { (record) throws(StoreError) in try Stored(record, at: path.key) }
            try stored?.body.check(path)
        }
        let found = Found(
            stored: stored, raw: record.flatMap { $0.bytes.count <= Self.largestRawBytes ? $0 : nil },
            epoch: feed.record.epoch, since: since, writes: writes)
        if isKept, isCurrent(found), (record?.bytes.count ?? 0) <= Self.largestBytes {
            state.withLock { if $0.writes == writes { $0.records.insert(path, found, cost: 1) } }
        }
        return found
    }

    /// Whether what was read before may be believed: it is published, and was read not long ago.
    private func isCurrent(_ found: Found, at time: Duration) -> Bool {
        guard let stored = found.stored, stored.body.deleted == nil else { return false }
        return time - found.since < bound
    }

    private func isCurrent(_ found: Found) -> Bool { isCurrent(found, at: now()) }
}
