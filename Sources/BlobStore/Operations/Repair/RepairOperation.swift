internal import Synchronization

/// Brings good copies of damaged and missing content back: from other roots, or from another feed that has the digest.
///
/// Everything is read and hashed to find what is damaged. A damaged blob goes to quarantine, with a note that says
/// why, when and by whom; a good copy is staged and verified before. A blob that cannot be read stays where it is
/// until a good copy is at hand. A garbled record is taken from a root that has it sound. Nothing is deleted, and
/// nothing good is replaced.
///
/// *Cost*: as a check of all content, and one reading of each copy brought back.
public struct RepairOperation: Sendable {
    /// How to repair.
    public struct Options: Sendable {
        /// Roots to take good copies from: server roots, or feed roots.
        public var sources: [RootURL]
        /// Only says what is damaged, and where good copies are.
        public var isDryRun: Bool
        /// Reads at once; 8 where nothing else is said.
        public var jobs: Int
        /// Who repairs.
        public var by: String

        /// How to repair; without sources, good copies come from the same server root alone.
        public init(by: String, sources: [RootURL] = [], isDryRun: Bool = false, jobs: Int? = nil) {
            self.by = by
            self.sources = sources
            self.isDryRun = isDryRun
            self.jobs = jobs ?? usualJobs
        }
    }

    /// What happens on the way.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// Content is whole again (in a dry run: would be), from the root named.
        case repaired(key: String, packages: [String], from: String)
        /// No good copy was found, or it could not be brought back.
        case unrepaired(key: String, packages: [String], StoreError)
        /// Something could not be looked at, which these packages need.
        case incomplete(StoreError, packages: [String])
    }

    /// What came of it.
    public struct Summary: Sendable, Equatable {
        /// All that was found, what was omitted too.
        public var damaged: Int64 = 0
        /// Things that have a good copy again (in a dry run: could have).
        public var repaired: Int64 = 0
        /// Damaged blobs that were put in quarantine.
        public var quarantined: Int64 = 0
        /// Things without a good copy anywhere.
        public var unrepaired: Int64 = 0
        /// Damage beyond what one run keeps in mind, which was not repaired.
        public var omitted: Int64 = 0
        /// Whether everything could be looked at.
        public var complete = true

        /// A summary of nothing.
        public init() {}
    }

    /// So many findings are repaired in one run; the others are counted, and left to the next.
    package static let maximumFindings = 100_000

    private let feed: Feed
    private let options: Options
    private let maximumFindings: Int
    private let report: @Sendable (Event) -> Void

    /// A repair of one feed.
    /// - Parameter report: told what happens, from any thread.
    public init(_ feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void) {
        self.init(feed, options, maximumFindings: Self.maximumFindings, report: report)
    }

    package init(
        _ feed: Feed, _ options: Options, maximumFindings: Int, report: @escaping @Sendable (Event) -> Void
    ) {
        self.feed = feed
        self.options = options
        self.maximumFindings = maximumFindings
        self.report = report
    }

    /// Looks at the whole feed, then repairs what it found.
    /// - Throws: `wrongRoot` for a source that is no root; `cancelled`; what ends the check.
    public func run() async throws(StoreError) -> Summary {
        let opened = options.isDryRun ? try await feed.open().readOnly : try await feed.openForWriting()
        let sources = try await RepairSources.open(options.sources, for: feed)
        do throws(StoreError) {
            let summary = try await repair(opened, sources)
            await sources.close()
            return summary
        } catch {
            await sources.close()
            throw error
        }
    }

    private func repair(_ opened: OpenFeed, _ sources: RepairSources) async throws(StoreError) -> Summary {
        let found = Mutex(Found(maximum: maximumFindings))
        let report = report
        // What is repaired, or cannot be, is told with all packages that need it.
        let tally = CheckTally(feed.name, maximumPackages: .max) { event in
            switch event {
            case .progress(_, let progress): report(.progress(progress))
            case .finding(let finding): found.withLock { $0.add(Damage(finding)) }
            case .incomplete(_, let error, let packages):
                if let damage = Damage(unreadable: error, packages: packages) {
                    found.withLock { $0.add(damage) }
                } else {
                    found.withLock { $0.isComplete = false }
                    report(.incomplete(error, packages: packages))
                }
            case .plan, .reached, .finished: break
            }
        }
        let check = CheckOperation.Options(content: .all, jobs: options.jobs)
        try await FeedCheck(opened, check, tally: tally).run()
        return try await mend(
            found.withLock { $0 }, by: FeedRepair(opened, sources: sources, options), counter: tally.counter)
    }

    /// What the check found.
    private struct Found: Sendable {
        let maximum: Int
        var damage: [Damage] = []
        var omitted: Int64 = 0
        var isComplete = true

        mutating func add(_ damage: Damage?) {
            guard let damage else { return }
            if self.damage.count < maximum { self.damage.append(damage) } else { omitted += 1 }
        }
    }

    private func mend(
        _ found: Found, by repair: FeedRepair, counter: WorkCounter
    ) async throws(StoreError) -> Summary {
        var summary = Summary()
        summary.complete = found.isComplete
        summary.omitted = found.omitted
        summary.damaged = found.omitted
        counter.begin("repairing", itemsTotal: Int64(found.damage.count))
        for damage in found.damage {
            try await mend(damage, by: repair, summary: &summary)
            counter.add(items: 1)
        }
        return summary
    }

    private func mend(_ found: Damage, by repair: FeedRepair, summary: inout Summary) async throws(StoreError) {
        summary.damaged += 1
        do throws(StoreError) {
            let (source, wasQuarantined) = try await repair.mend(found)
            if wasQuarantined { summary.quarantined += 1 }
            if let source {
                summary.repaired += 1
                report(.repaired(key: found.key.text, packages: found.packages, from: source))
            } else {
                summary.unrepaired += 1
                let none = StoreError(
                    .notFound, "no good copy of \(found.key) was found; name a root that has it with --from")
                report(.unrepaired(key: found.key.text, packages: found.packages, none))
            }
        } catch {
            if error.code == .cancelled || error.code == .wrongRoot { throw error }
            summary.unrepaired += 1
            report(.unrepaired(key: found.key.text, packages: found.packages, error))
        }
    }
}

extension OpenFeed {
    /// The same feed, which cannot change anything: not even the ledger of checks.
    fileprivate var readOnly: OpenFeed {
        let storage = ReadOnlyStorage(root.storage)
        return OpenFeed(feed: feed, record: record, root: Root(url: root.url, storage: storage, marker: root.marker))
    }
}
