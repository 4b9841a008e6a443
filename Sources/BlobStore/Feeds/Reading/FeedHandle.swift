internal import Synchronization

/// How much a process remembers of what it has read of feeds, and for how long.
public struct FeedCaching: Sendable, Equatable {
    /// For so long a feed's record is believed after it was read. Reading alone: who writes reads it anew.
    public var feedBound: Duration
    /// For so long the record of a package in an immutable feed is believed after it was read, so that a deletion on
    /// another node shows that much later. Zero: never.
    public var recordBound: Duration
    /// So many records are kept of each feed.
    public var recordCount: Int
    /// So many bytes of contents are kept of all feeds together, of contents up to 256 KiB. Zero: none.
    public var contentBytes: Int

    /// Bounds; without arguments, two seconds and no contents.
    public init(
        feedBound: Duration = .seconds(2), recordBound: Duration = .seconds(2), recordCount: Int = 10_000,
        contentBytes: Int = 0
    ) {
        self.feedBound = feedBound
        self.recordBound = recordBound
        self.recordCount = recordCount
        self.contentBytes = contentBytes
    }
}

/// The feeds of a store, for a process that reads many packages of them: a server node has one.
///
/// *Guarantees*: a feed or a package that was not there is never remembered as such, so that what one node has
/// published, any other finds at once. What was there is remembered for a stated time.
public final class FeedHandles: Sendable {
    private let store: PackageStore
    private let caching: FeedCaching
    private let now: @Sendable () -> Duration
    private let shelf: KeptContents.Shelf
    private let handles = Mutex<[FeedName: FeedHandle]>([:])

    /// Handles of a store's feeds.
    /// - Parameters:
    ///   - store: the store; its catalog leads to the feeds.
    ///   - caching: what is remembered, and for how long.
    ///   - clock: tells the time.
    public init(
        _ store: PackageStore, _ caching: FeedCaching = FeedCaching(), clock: some Clock<Duration> = ContinuousClock()
    ) {
        self.store = store
        self.caching = caching
        let start = clock.now
        now = { start.duration(to: clock.now) }
        shelf = KeptContents.Shelf(bound: caching.contentBytes)
    }

    /// The handle of a feed that exists: the same one each time.
    /// - Throws: `notFound` when there is no such feed; what looking it up throws.
    public func feed(_ name: FeedName) async throws(StoreError) -> FeedHandle {
        let handle = handles.withLock { handles in
            let handle = handles[name] ?? FeedHandle(name, in: store, caching, now: now, shelf: shelf)
            handles[name] = handle
            return handle
        }
        do throws(StoreError) { _ = try await handle.opened() } catch {
            if error.code == .notFound { handles.withLock { if $0[name] === handle { $0[name] = nil } } }
            throw error
        }
        return handle
    }

    /// The package at a path of a feed; nil when there is none, or it is deleted.
    /// - Throws: `notFound` when there is no such feed.
    /// - Cost: as ``FeedHandle/lookUp(_:)``.
    public func package(at path: PackagePath, in feed: FeedName) async throws(StoreError) -> Package? {
        try await self.feed(feed).package(at: path)
    }

    /// A small package as it is remembered, with its content: what a look-up and a whole reading would find without
    /// asking the storage.
    /// - Returns: nil where anything would have to be read.
    /// - Cost: never waits.
    public func known(_ path: PackagePath, in feed: FeedName) -> KnownPackage? {
        handles.withLock { $0[feed] }?.known(path)
    }

    /// So many bytes of contents are kept now.
    public var keptBytes: Int { shelf.size }
}

/// A small package whose record and content are remembered. See ``FeedHandles/known(_:in:)``.
public struct KnownPackage: Sendable {
    /// The feed's record.
    public let feed: FeedRecord
    /// The package's record.
    public let record: PackageRecord
    /// All of its content; it was verified when it was read.
    public let bytes: [UInt8]
}

/// A feed that was looked up once, for who reads much of it. See ``FeedHandles``.
///
/// Equal look-ups that are made at the same time are one. Writing goes by way of ``write(at:_:)``.
public final class FeedHandle: Sendable {
    /// A look at the catalog.
    struct Look: Sendable {
        let feed: OpenFeed
        /// When it began.
        let since: Duration
        /// Looks are counted in the order in which they begin.
        let number: Int
    }

    /// The feed's name.
    public let name: FeedName
    private let store: PackageStore
    private let bound: Duration
    private let keepsContents: Bool
    private let now: @Sendable () -> Duration
    private let shelf: KeptContents.Shelf
    private let records: RecordCache
    private let flights = SingleFlight<FeedName, Look>()
    private let state = Mutex<(number: Int, latest: Look?)>((0, nil))

    fileprivate init(
        _ name: FeedName, in store: PackageStore, _ caching: FeedCaching, now: @escaping @Sendable () -> Duration,
        shelf: KeptContents.Shelf
    ) {
        self.name = name
        self.store = store
        self.now = now
        self.shelf = shelf
        bound = caching.feedBound
        keepsContents = caching.contentBytes > 0
        records = RecordCache(count: caching.recordCount, bound: caching.recordBound, now: now)
    }

    /// The feed's record, as it was read within the bound.
    public func record() async throws(StoreError) -> FeedRecord { try await opened().feed.record }

    /// The package at a path; nil when there is none, or it is deleted. See ``lookUp(_:)``.
    public func package(at path: PackagePath) async throws(StoreError) -> Package? {
        try await lookUp(path).package
    }

    /// What there is at a path: a package, one that was deleted, or nothing.
    /// - Cost: of a package one read of its record, and none where an immutable feed's was read within the bound; one
    ///   read of the catalog once in a bound. Of what is absent both are read, each time.
    public func lookUp(_ path: PackagePath) async throws(StoreError) -> PackageLookup {
        try await find(isThere: { $0.package != nil }) { (feed) async throws(StoreError) in
            try await self.lookUp(path, in: feed)
        }
    }

    /// The content of that digest, if this feed has it; see ``Feed/content(_:)``.
    /// - Cost: one look at the blob, and one read of the catalog once in a bound, or where there is none.
    public func content(_ digest: Digest) async throws(StoreError) -> StoredContent? {
        try await find(isThere: { $0 != nil }) { (feed) async throws(StoreError) -> StoredContent? in
            try await self.content(digest, in: feed)
        }
    }

    /// Runs what writes at a path: publishes, deletes or restores there. The catalog is read for it as ever. After it,
    /// this handle finds what was written.
    public func write<Value: Sendable>(
        at path: PackagePath, _ body: (Feed) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        defer { records.forget(path) }
        return try await body(Feed(name, in: store))
    }
}

// MARK: - The feed as the catalog has it

extension FeedHandle {
    /// The feed as it was looked up within the bound.
    /// - Parameter number: a look must have begun after that one.
    func opened(after number: Int = 0) async throws(StoreError) -> Look {
        if let latest = state.withLock({ $0.latest }), isUsable(latest, after: number) { return latest }
        return try await flights.value(of: name, accepting: { isUsable($0, after: number) }) {
            () async throws(StoreError) in try await look()
        }
    }

    /// The feed as the catalog has it after this call began.
    package func openedAfresh() async throws(StoreError) -> OpenFeed {
        try await opened(after: state.withLock { $0.number }).feed
    }

    private func isUsable(_ look: Look, after number: Int) -> Bool {
        look.number > number && now() - look.since < bound
    }

    private func look() async throws(StoreError) -> Look {
        let since = now()
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        let look = Look(feed: try await Feed(name, in: store).open(), since: since, number: number)
        state.withLock { $0.latest = look }
        return look
    }

    /// Looks for something in the feed as it is known, and once more if it is not there and the feed turns out to have
    /// changed. An absence or an error is only believed of the feed as the catalog had it after this call began.
    private func find<Value: Sendable>(
        isThere: (Value) -> Bool, _ find: (OpenFeed) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let begun = state.withLock { $0.number }
        let known = try await opened()
        let found: Result<Value, StoreError>
        do throws(StoreError) { found = .success(try await find(known.feed)) } catch { found = .failure(error) }
        if known.number > begun { return try found.get() }
        if case .success(let value) = found, isThere(value) { return value }
        let fresh = try await opened(after: begun).feed
        return fresh.isUnchanged(since: known.feed) ? try found.get() : try await find(fresh)
    }

    fileprivate func known(_ path: PackagePath) -> KnownPackage? {
        let time = now()
        guard keepsContents, let look = state.withLock({ $0.latest }), time - look.since < bound,
            let record = records.known(path, in: look.feed, at: time)?.body,
            let bytes = KeptContents(of: look.feed.root.id, on: shelf).known(record.digest)
        else { return nil }
        return KnownPackage(feed: look.feed.record, record: record, bytes: bytes)
    }

    private func lookUp(_ path: PackagePath, in feed: OpenFeed) async throws(StoreError) -> PackageLookup {
        let kept = keepsContents ? KeptContents(of: feed.root.id, on: shelf) : nil
        return PackageLookup(try await records.record(path, in: feed)) { stored in
            Package(stored, in: feed.content, keeping: kept) { () async throws(StoreError) in
                self.records.forget(path)
                let fresh = try await self.openedAfresh()
                guard let now = try await fresh.package(path), now.body.deleted == nil else { return nil }
                return Package(now, in: fresh.content)
            }
        }
    }

    private func content(_ digest: Digest, in feed: OpenFeed) async throws(StoreError) -> StoredContent? {
        let kept = keepsContents ? KeptContents(of: feed.root.id, on: shelf) : nil
        return try await feed.content.findSize(digest).map {
            StoredContent(ContentReader(digest: digest, size: $0, content: feed.content, kept: kept))
        }
    }
}

extension OpenFeed {
    fileprivate func isUnchanged(since other: OpenFeed) -> Bool {
        record.epoch == other.record.epoch && root.id == other.root.id
    }
}
