/// Adopts a tree of package files: each file is published under its path below the directory.
///
/// It can be stopped at any time and run again: what is published already is recognized by its content. What cannot
/// be taken (unreadable, no valid path, changed or vanished meanwhile, other content at the path) is reported and
/// does not stop the rest.
///
/// *Cost*: each file is read once; memory for the files in flight, whatever the size of the tree or of a file.
public struct ImportOperation: Sendable {
    /// How the import is done.
    public struct Options: Sendable {
        /// Files worked on at once.
        public var jobs: Int
        /// Who publishes.
        public var by: String
        /// Whether to take files that symbolic links lead to.
        public var followsLinks: Bool
        /// Only looks, and reports what would be done.
        public var isDryRun: Bool
        /// Goes before each path: empty, or with a `/` at its end.
        public var prefix: String
        /// Only these below the directory, e.g. those that failed before: files, and folders (with a `/` at their end)
        /// with all that is in them; nil for the whole tree.
        public var only: [LocalName]?
        /// Counts the tree beside the work, so that progress says how much there is.
        public var countsAhead: Bool

        public init(
            by: String, jobs: Int = 64, followsLinks: Bool = false, isDryRun: Bool = false, prefix: String = "",
            only: [LocalName]? = nil, countsAhead: Bool = false
        ) {
            self.countsAhead = countsAhead
            self.by = by
            self.jobs = jobs
            self.followsLinks = followsLinks
            self.isDryRun = isDryRun
            self.prefix = prefix
            self.only = only
        }
    }

    /// What the import tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// A file is published (in a dry run: would be).
        case published(Published.Outcome, String, size: Int64)
        /// A file was not taken, or a folder (with a `/` at its end) not gone into.
        case failed(LocalName, StoreError)
        /// The import ends before its end, with the error that it throws; this is what it came to.
        case stopped(Summary)
    }

    /// What the import came to.
    public struct Summary: Sendable, Equatable {
        /// Created, replaced and healed.
        public var imported: Int64 = 0
        public var unchanged: Int64 = 0
        public var failed: Int64 = 0
        /// Of all files that were taken or recognized.
        public var bytes: Int64 = 0

        public init() {}
    }

    /// Files that are reported together, after the feed was seen to be where it was.
    private static let batchSize = 1_024

    private let feed: Feed
    private let directory: String
    private let options: Options
    private let report: @Sendable (Event) -> Void

    public init(
        _ directory: String, into feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void
    ) {
        self.feed = feed
        self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.options = options
        self.report = report
    }

    /// Runs to the end of the tree.
    /// - Throws: what stops the whole: the directory or the feed cannot be opened, the disk is full, `cancelled`.
    public func run() async throws(StoreError) -> Summary {
        let tally = ImportTally(report)
        let files = try await ImportFiles(directory, only: options.only, followsLinks: options.followsLinks, tally)
        // Ends with this scope, however that ends.
        async let _ = options.countsAhead ? countAhead(tally.counter) : ()
        do throws(StoreError) {
            while case let batch = try await files.next(Self.batchSize), !batch.isEmpty { try await take(batch, tally) }
            return tally.summary
        } catch {
            if tally.summary != Summary() { report(.stopped(tally.summary)) }
            throw error
        }
    }

    /// Counts what there is; where that fails the end stays unknown.
    private func countAhead(_ counter: WorkCounter) async {
        guard let survey = try? await survey() else { return }
        counter.expect(items: survey.items, bytes: survey.bytes)
    }

    /// How much there is to take.
    func survey() async throws(StoreError) -> LocalSurvey {
        var survey = LocalSurvey(followsLinks: options.followsLinks)
        guard let only = options.only else {
            try await survey.add(tree: directory)
            return survey
        }
        for name in LocalSelection(only).outermost {
            if name.isFolder {
                try await survey.add(tree: directory, below: name.description)
            } else {
                try await survey.add(file: "\(directory)/\(name)")
            }
        }
        return survey
    }

    /// Publishes a batch, again from the start where the feed moved meanwhile, and reports it.
    private func take(_ batch: [String], _ tally: ImportTally) async throws(StoreError) {
        for _ in 0..<8 {
            let visit = options.isDryRun ? try await feed.visit() : try await feed.visitForWriting()
            let outcomes = ImportOutcomes()
            let budget = ByteBudget(48 << 20)
            do throws(StoreError) {
                try await concurrently(options.jobs, batch) { (path) async throws(StoreError) in
                    do throws(StoreError) {
                        outcomes.add(path, .success(try await take(path, visit, budget, ItemCount(tally.counter))))
                    } catch {
                        if error.code != .cancelled { outcomes.add(path, .failure(error)) }
                        if error.meetsEveryItem { throw error }
                    }
                }
            } catch {
                let isCurrent = (try? await visit.isCurrent()) ?? false
                tally.add(isCurrent ? outcomes.all : outcomes.failures)
                throw error
            }
            if try await visit.isCurrent() { return tally.add(outcomes.all) }
            tally.takeBack(outcomes.all)
        }
        throw StoreError(.unavailable, "the feed \"\(feed.name)\" kept changing meanwhile: try again")
    }

    private func take(
        _ path: String, _ visit: FeedVisit, _ budget: ByteBudget, _ count: ItemCount
    ) async throws(StoreError) -> Taken {
        do throws(StoreError) {
            let taken = try await take(path, visit, budget) { count.pass($0) }
            count.finish(taken.size)
            return taken
        } catch {
            count.finish(0)
            throw error
        }
    }

    private func take(
        _ path: String, _ visit: FeedVisit, _ budget: ByteBudget, _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Taken {
        let packagePath = try PackagePath(options.prefix + path)
        let file = try await LocalFile.open("\(directory)/\(path)", followingLinks: options.followsLinks)
        // A file in flight holds its size in memory, up to a few chunks.
        return try await budget.spend(min(max(file.size, 65_536), 6 << 20)) { () async throws(StoreError) in
            let source = file.source.counted(pass)
            if options.isDryRun {
                return Taken(outcome: try await visit.foresee(source, at: packagePath), size: file.size)
            }
            let published = try await visit.adopt(source, at: packagePath, PublicationDetails(by: options.by))
            return Taken(outcome: published.outcome, size: published.size)
        }
    }
}
