/// Holds records against blobs, blobs against their names, and names everything unexpected.
///
/// It changes nothing but the ledger of what was verified when, and writes to the feed's root nothing else. What could
/// not be looked at makes the answer incomplete: never damaged, and never healthy.
///
/// *Cost*: one listing and one reading of all records, one listing of all blobs (two for a share), and the content
/// asked for. Memory does not grow with the number of packages; a temporary file takes about 100 bytes for each.
public struct CheckOperation: Sendable {
    /// How the check is done.
    public struct Options: Sendable {
        /// How much content to read and hash.
        public var content: ContentLevel
        /// Reads at once; 8 where nothing else is said.
        public var jobs: Int
        /// Only counts what there is to do.
        public var isDryRun: Bool
        /// The first bytes of the digests whose content alone is looked at, and no record; nil for the whole feed.
        public var part: ClosedRange<UInt8>?

        /// How to check; without arguments, no content is read.
        public init(
            content: ContentLevel = .none, jobs: Int? = nil, isDryRun: Bool = false, part: ClosedRange<UInt8>? = nil
        ) {
            self.content = content
            self.part = part
            self.jobs = jobs ?? usualJobs
            self.isDryRun = isDryRun
        }
    }

    /// What the check tells while it runs.
    public enum Event: Sendable {
        case progress(FeedName?, WorkProgress)
        case finding(Finding)
        /// Something could not be looked at, which these packages need.
        case incomplete(FeedName?, StoreError, packages: [String])
        /// What a check of this feed will take (dry run).
        case plan(FeedName, Plan)
        /// In a part of the content all is done up to digests with this first byte, and came to that.
        case reached(FeedName, UInt8, Summary)
        /// The end of a feed, and how long it took.
        case finished(FeedName, Summary, time: Duration)
    }

    /// What a check takes.
    public struct Plan: Sendable, Equatable {
        /// How many packages there are, without deleted ones.
        public var packages: Int64 = 0
        /// How many blobs there are.
        public var blobs: Int64 = 0
        /// Bytes of content to read.
        public var bytes: Int64 = 0
        /// Requests to the storage, at a thousand names a listing.
        public var requests: Int64 = 0
    }

    /// What the check came to.
    public struct Summary: Sendable, Equatable {
        /// How many packages there are, without deleted ones.
        public var packages: Int64 = 0
        /// How many blobs there are.
        public var blobs: Int64 = 0
        /// Of all blobs.
        public var bytes: Int64 = 0
        /// Of content that was read and hashed.
        public var bytesRead: Int64 = 0
        /// Of content that was read and found good by this check or, as the ledger says, not long before it:
        /// within the time that `ContentLevel.freshness` says.
        public var freshBytes: Int64 = 0
        /// Of content that packages name and that is not there: no part of ``bytes``.
        public var missingBytes: Int64 = 0
        /// How many findings are errors: damage.
        public var errors: Int64 = 0
        /// How many findings are warnings.
        public var warnings: Int64 = 0
        /// How many findings are infos.
        public var infos: Int64 = 0
        /// Whether everything could be looked at.
        public var complete = true

        /// A summary of nothing.
        public init() {}

        mutating func add(_ other: Summary) {
            packages += other.packages
            blobs += other.blobs
            bytes.add(stated: other.bytes)
            bytesRead += other.bytesRead
            freshBytes.add(stated: other.freshBytes)
            missingBytes.add(stated: other.missingBytes)
            errors += other.errors
            warnings += other.warnings
            infos += other.infos
            complete = complete && other.complete
        }
    }

    private let store: PackageStore
    private let feeds: [FeedName]
    private let options: Options
    private let report: @Sendable (Event) -> Void

    /// - Parameter feeds: those to check; none for all, and the server root itself.
    public init(
        _ store: PackageStore, feeds: [FeedName] = [], _ options: Options, report: @escaping @Sendable (Event) -> Void
    ) {
        self.store = store
        self.feeds = feeds
        self.options = options
        self.report = report
    }

    /// Runs to the end, through whatever damage.
    /// - Returns: the sum over all feeds.
    /// - Throws: `notFound` for a feed that is named and does not exist; `cancelled`.
    public func run() async throws(StoreError) -> Summary {
        for feed in feeds { _ = try await store.locate(feed) }
        let server = CheckTally(nil, report)
        var total = Summary()
        if feeds.isEmpty {
            for name in try await checkServer(server) { total.add(try await check(name)) }
        } else {
            for name in feeds { total.add(try await check(name)) }
        }
        total.add(server.summary)
        return total
    }

    /// - Returns: the feeds whose records are sound; none where the root cannot be looked at.
    private func checkServer(_ tally: CheckTally) async throws(StoreError) -> [FeedName] {
        do throws(StoreError) { return try await ServerCheck(store, tally).run() } catch {
            if error.code == .cancelled { throw error }
            if let kind = Finding.Kind(ofRoot: error) {
                tally.add(kind, key: error.root ?? store.url.description, error.message)
            }
            tally.incomplete(error)
            return []
        }
    }

    private func check(_ name: FeedName) async throws(StoreError) -> Summary {
        let tally = CheckTally(name, report)
        let began = ContinuousClock.now
        do throws(StoreError) {
            if try await isGoing(name, tally) {
                report(.finished(name, tally.summary, time: ContinuousClock.now - began))
                return tally.summary
            }
            let opened = try await Feed(name, in: store).open()
            if options.isDryRun {
                report(.plan(name, try await FeedSurvey(opened, tally).plan(options.content)))
            } else {
                let check = FeedCheck(opened, options, tally: tally)
                if let part = options.part {
                    try await check.run(part, of: name, report)
                } else {
                    try await check.run()
                }
            }
        } catch {
            if error.code == .cancelled { throw error }
            if let kind = Finding.Kind(ofRoot: error) {
                tally.add(kind, key: error.root ?? name.text, error.message)
            }
            tally.incomplete(error)
        }
        report(.finished(name, tally.summary, time: ContinuousClock.now - began))
        return tally.summary
    }

    /// Tells of a deletion that did not end.
    /// - Returns: whether things of the feed are gone, so that what is missing is missing on purpose.
    private func isGoing(_ name: FeedName, _ tally: CheckTally) async throws(StoreError) -> Bool {
        let (holder, record) = try await store.locate(name)
        guard record.state == .deleting else { return false }
        let isGoing = record.deletion.map { $0.step != .looking } ?? false
        tally.add(
            .unfinished, key: Catalog.key(name).text,
            "\(record.isBeingDeleted.message)\(isGoing ? "; until then it is not checked" : "")"
                + (holder === store ? "" : " (in \(holder.url))"))
        return isGoing
    }
}
