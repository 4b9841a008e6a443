/// Frees what no record names: safe while any number of nodes publish, and whoever is paused, dies or comes back at
/// any step. It relies on no lease and on no node's clock.
///
/// A blob is a candidate when no record names it and it is older than the feed's grace period, by the storage's own
/// clock. Where objects move atomically it goes to `retired/` (`FeedCollection/retire(_:)`), else it is condemned by
/// a marker and removed behind a fence (`FeedCollection/collectByCondemning()`). A publisher looks at its blob once
/// more before it reports, and brings it back if it was taken (`ContentStore/settle(_:_:)`).
///
/// It stops at the first error in listing or reading records: what they say must be known whole. What else cannot be
/// looked at, moved or removed is told, and the rest is collected.
///
/// *Cost*: one listing and reading of all records, two listings of all blobs; memory does not grow with either.
public struct CollectOperation: Sendable {
    /// How the collection is done.
    public struct Options: Sendable {
        /// Whether to free anything; else it only says what it would free.
        public var deletes: Bool
        /// Refuses to begin when more than this share of all blobs, by number or by bytes, would go.
        public var maximumPercent: Double
        /// Storage operations at once; 8 where nothing else is said.
        public var jobs: Int

        /// How to collect; without arguments, nothing is removed.
        public init(deletes: Bool = false, maximumPercent: Double = 20, jobs: Int? = nil) {
            self.deletes = deletes
            self.maximumPercent = maximumPercent
            self.jobs = jobs ?? usualJobs
        }
    }

    /// What the collection tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// Something that is, or would be, freed: a blob, a retired blob whose time is over, an upload left behind,
        /// a former version of a record.
        case garbage(key: String, size: Int64, age: Duration)
        /// Something that could not be removed.
        case failed(key: String, StoreError)
    }

    /// What the collection came to.
    public struct Summary: Sendable, Equatable {
        /// All that is garbage now.
        public var candidates: Int64 = 0
        /// Of those, in bytes.
        public var bytes: Int64 = 0
        /// Blobs that were moved to `retired/`, to be removed a grace period later.
        public var retired: Int64 = 0
        /// What was removed for good.
        public var deleted: Int64 = 0
        /// Of that, in bytes, as far as its size was known.
        public var deletedBytes: Int64 = 0
        /// What could not be removed.
        public var failed: Int64 = 0
        /// Retired blobs that a record names again, and that went back.
        public var restored: Int64 = 0

        /// A summary of nothing.
        public init() {}

        mutating func addDeleted(_ info: ObjectInfo) {
            deleted += 1
            deletedBytes.add(stated: info.size)
        }
    }

    private let feed: Feed
    private let options: Options
    private let report: @Sendable (Event) -> Void

    /// A collection of one feed.
    /// - Parameter report: told what happens, from any thread.
    public init(_ feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void) {
        self.feed = feed
        self.options = options
        self.report = report
    }

    /// Collects the feed once.
    /// - Throws: `invalidArgument` beyond the cap; `unsupported` where blobs do not move atomically; `corrupt` and what
    ///   reading throws, before anything is freed on the strength of what could not be read.
    public func run() async throws(StoreError) -> Summary {
        let opened = try await feed.openForWriting()
        let collection = FeedCollection(opened, options, report)
        return try await collection.run()
    }
}
