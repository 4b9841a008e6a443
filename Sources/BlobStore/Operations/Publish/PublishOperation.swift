public import LocalFiles
public import ObjectStorage
internal import Synchronization

/// Publishes files of this machine: a tree of them, some that are named, or what comes through a pipe.
///
/// It can be stopped at any time and run again: what is published already is recognized by its content. What cannot
/// be taken (unreadable, no valid path, changed or vanished meanwhile, other content at the path) is reported and
/// does not stop the rest.
///
/// *Cost*: each file is read once, and in a bucket once more where it is larger than 1 MiB; memory for the files in
/// flight, whatever the size of the tree or of a file.
public struct PublishOperation: Sendable {
    /// What is published.
    public enum Source: Sendable {
        /// All files of a directory, each under its path below it. Each is looked at before it is moved, and files are
        /// reported in batches, so that a large tree that is published already costs little.
        case tree(String)
        /// Files, each under its name, and reported as soon as it is published.
        /// - isRecursive: a directory is taken too, each file in it under its path below it.
        case files([String], isRecursive: Bool)
        /// Content that can be read once, under ``Options/path``.
        case stream(AsyncPull<[UInt8]>, name: String)
    }

    /// How it is done.
    public struct Options: Sendable {
        /// What is said of each publication; the time of a file is added.
        public var details: PublicationDetails
        /// Files worked on at once; nil for as many as suit the feed's root.
        public var jobs: Int?
        /// Whether to take files that symbolic links in a tree lead to.
        public var followsLinks: Bool
        /// Only looks, and reports what would be done.
        public var isDryRun: Bool
        /// Goes before each path, with a slash between.
        public var prefix: String
        /// The whole path of the one file there is.
        public var path: PackagePath?
        /// The digest that the one file must have.
        public var expected: Digest?
        /// Only these, e.g. those that failed before: files, and folders (with a `/` at their end) with all that is in
        /// them; in a tree by their names below it; nil for all.
        public var only: [LocalName]?
        /// Counts the files beside the work, so that progress says how many there are; not where only some are wanted.
        public var countsAhead: Bool
        /// Only files whose paths in the feed it admits. What is excluded is no failure either, whatever it is.
        public var filter: PathFilter

        /// How to publish.
        public init(
            _ details: PublicationDetails, jobs: Int? = nil, followsLinks: Bool = false, isDryRun: Bool = false,
            prefix: String = "", path: PackagePath? = nil, expected: Digest? = nil, only: [LocalName]? = nil,
            countsAhead: Bool = false, filter: PathFilter = PathFilter()
        ) {
            self.filter = filter
            self.details = details
            self.jobs = jobs
            self.followsLinks = followsLinks
            self.isDryRun = isDryRun
            self.prefix = prefix
            self.path = path
            self.expected = expected
            self.only = only
            self.countsAhead = countsAhead
        }
    }

    /// A file that was published; in a dry run, that would be.
    public struct Item: Sendable {
        /// As the next run can take it.
        public let name: String
        /// Its path in the feed.
        public let path: PackagePath
        /// What publishing it came to.
        public let outcome: Published.Outcome
        /// In bytes.
        public let size: Int64
        /// All of it; nil in a dry run of a tree, which hashes no more than it has to.
        public let published: Published?
    }

    /// What the operation tells while it runs.
    public enum Event: Sendable {
        /// How far it has come.
        case progress(WorkProgress)
        /// A file was published; in a dry run, it would be.
        case published(Item)
        /// A file was not taken, or a folder (with a `/` at its end) not gone into.
        case failed(LocalName, StoreError)
        /// It ends before its end, with the error that it throws; this is what it came to.
        case stopped(Summary)
    }

    /// What the operation came to.
    public struct Summary: Sendable, Equatable {
        /// Created, replaced and healed.
        public var published: Int64 = 0
        /// Files whose content was there already.
        public var unchanged: Int64 = 0
        /// Files that could not be published.
        public var failed: Int64 = 0
        /// Of all files that were published or recognized.
        public var bytes: Int64 = 0

        /// A summary of nothing.
        public init() {}
    }

    private let source: Source
    let feed: Feed
    let options: Options
    private let report: @Sendable (Event) -> Void

    /// A publication of files in one feed.
    /// - Parameter report: told what happens, from any thread.
    public init(
        _ source: Source, into feed: Feed, _ options: Options, report: @escaping @Sendable (Event) -> Void
    ) {
        self.source = source
        self.feed = feed
        self.options = options
        self.report = report
    }

    /// Runs to the end of what there is.
    /// - Throws: what stops the whole: the directory or the feed cannot be opened, the disk is full, `cancelled`.
    public func run() async throws(StoreError) -> Summary {
        let tally = PublishTally(phase, report)
        let files = try await FilesToPublish(source, options, tally: tally)
        // Ends with this scope, however that ends.
        async let _ = options.countsAhead && options.filter.isEmpty ? countAhead(tally.counter) : ()
        do throws(StoreError) {
            if case .tree = source {
                try await publishInBatches(files, tally)
                if Task.isCancelled {
                    throw StoreError(.cancelled, "cancelled; the same command resumes where it stopped")
                }
            } else {
                try await concurrently(options.jobs ?? 64, { () async throws(StoreError) in try await files.next() }) {
                    (file) async throws(StoreError) in
                    try await publish(file, tally)
                }
            }
            return tally.summary
        } catch {
            if tally.summary != Summary() { report(.stopped(tally.summary)) }
            throw error
        }
    }

    private var phase: String {
        if case .tree = source { return "importing" }
        return options.isDryRun ? "reading" : "publishing"
    }
}

// MARK: - One by one

extension PublishOperation {
    /// Publishes a file by itself, and reports it.
    /// - Throws: what would meet every other file too.
    private func publish(_ file: FileToPublish, _ tally: PublishTally) async throws(StoreError) {
        let count = ItemCount(tally.counter)
        do throws(StoreError) {
            let published = try await publish(file) { count.pass($0) }
            count.finish(published.size)
            tally.add(Item(file, published))
        } catch {
            count.finish(0)
            if error.code != .cancelled { tally.fail(file.name, error) }
            if error.meetsEveryItem { throw error }
        }
    }

    private func publish(
        _ file: FileToPublish, _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Published {
        let (path, expected) = (try path(of: file), options.expected)
        if case .stream(let stream, _) = source {
            let content = stream.counted(pass)
            if options.isDryRun { return try await feed.preview(content, at: path, expecting: expected) }
            return try await feed.publish(content, at: path, expecting: expected, options.details)
        }
        let local = try await LocalFile.open(file.place, followingLinks: file.followsLink)
        let content = local.source.counted(pass)
        if options.isDryRun { return try await feed.preview(content.read(), at: path, expecting: expected) }
        return try await feed.publish(content, at: path, expecting: expected, options.details.describing(local))
    }

    func path(of file: FileToPublish) throws(StoreError) -> PackagePath {
        if let path = options.path { return path }
        return try PackagePath(options.text(behindPrefix: file.path))
    }
}

extension PublishOperation.Options {
    /// The text of the path in the feed of what has a path behind the prefix.
    func text(behindPrefix path: String) -> String {
        prefix.isEmpty || prefix.hasSuffix("/") ? prefix + path : "\(prefix)/\(path)"
    }
}

extension PublishOperation.Item {
    init(_ file: FileToPublish, _ published: Published) {
        name = file.name.description
        path = published.path
        outcome = published.outcome
        size = published.size
        self.published = published
    }
}

// MARK: - Counting ahead

extension PublishOperation {
    /// Counts what there is; where that fails the end stays unknown.
    private func countAhead(_ counter: WorkCounter) async {
        if case .stream = source { return counter.expect(items: 1) }
        guard let survey = try? await survey() else { return }
        counter.expect(items: survey.items, bytes: survey.bytes)
    }

    /// How much there is to take.
    func survey() async throws(StoreError) -> LocalSurvey {
        var survey = LocalSurvey(followsLinks: options.followsLinks)
        switch source {
        case .tree(let directory): try await count(tree: directory, in: &survey)
        case .files(let files, let isRecursive):
            let only = options.only.map { LocalSelection($0) }
            for file in files { try await count(file, isRecursive: isRecursive, only: only, in: &survey) }
        case .stream: break
        }
        return survey
    }

    private func count(tree directory: String, in survey: inout LocalSurvey) async throws(StoreError) {
        guard let only = options.only else { return try await survey.add(tree: directory) }
        for name in LocalSelection(only).outermost {
            if name.isFolder {
                try await survey.add(tree: directory, below: name.description)
            } else {
                try await survey.add(file: "\(directory)/\(name)")
            }
        }
    }

    private func count(
        _ file: String, isRecursive: Bool, only: LocalSelection?, in survey: inout LocalSurvey
    ) async throws(StoreError) {
        let isWanted = { (name: LocalName) in only == nil || only?.listing(name) != nil }
        if isRecursive, try await LocalTree.isDirectory(file) {
            try await survey.add(tree: file) { isWanted($0.below(file)) }
        } else if isWanted(LocalName(file)) {
            try await survey.add(file: file)
        }
    }
}

// MARK: - Counting and reporting

/// Counts and reports what became of files.
final class PublishTally: Sendable {
    private let state = Mutex(PublishOperation.Summary())
    private let report: @Sendable (PublishOperation.Event) -> Void
    let counter: WorkCounter

    init(_ phase: String, _ report: @escaping @Sendable (PublishOperation.Event) -> Void) {
        self.report = report
        counter = WorkCounter(phase) { report(.progress($0)) }
    }

    var summary: PublishOperation.Summary { state.withLock { $0 } }

    func add(_ item: PublishOperation.Item) {
        state.withLock { summary in
            if item.outcome == .unchanged { summary.unchanged += 1 } else { summary.published += 1 }
            summary.bytes.add(stated: item.size)
        }
        report(.published(item))
    }

    func fail(_ name: LocalName, _ error: StoreError) {
        state.withLock { $0.failed += 1 }
        report(.failed(name, error))
    }

    /// Counts and reports what is not even tried.
    func refuse(_ name: LocalName, _ error: StoreError) {
        counter.add(items: 1)
        fail(name, error)
    }

    /// Reports what became of a batch, whose files were counted when they were done.
    func add(_ outcomes: [BatchOutcomes.Outcome]) {
        for (name, result) in outcomes {
            switch result {
            case .success(let item): add(item)
            case .failure(let error): fail(name, error)
            }
        }
    }

    /// Counts files out that are going to be done again.
    func takeBack(_ outcomes: [BatchOutcomes.Outcome]) {
        let bytes = outcomes.reduce(into: Int64(0)) { $0.add(stated: (try? $1.result.get().size) ?? 0) }
        counter.add(items: -Int64(outcomes.count), bytes: -bytes)
    }
}
