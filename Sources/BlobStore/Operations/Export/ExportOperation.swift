internal import BlobSystem
internal import LocalFiles
internal import Synchronization

/// Writes the packages of a feed as a plain tree of files.
///
/// Each file appears whole, verified and durable, or not at all. A file that is there already with the same content is
/// left, so that an export can be stopped and run again; one with other content is a failure, and kept, unless it is to
/// be replaced. A file gets the time of the file that was published, where that is known, unless it is linked: then it
/// has that of the stored one.
public struct ExportOperation: Sendable {
    /// How the export is done.
    public struct Options: Sendable {
        /// Files worked on at once; nil for as many as suit the feed's root.
        public var jobs: Int?
        /// Only paths that begin with this text.
        public var prefix: String
        /// Only paths that it admits.
        public var filter: PathFilter
        /// Replaces files that have other content. Each file that is there in the right size is read and hashed all the
        /// same: no time of a file is believed.
        public var replaces = false
        /// Removes regular files of the directory that the feed does not hold, within the prefix and the filter, after
        /// all packages were exported and none failed.
        public var deletes = false
        /// Does so also where no file of the feed was there before, so that it may be the wrong directory.
        public var deletesUnknown = false
        /// Gives the stored files a second name rather than to copy them; nothing may ever write into them.
        public var links: Bool
        /// Only looks, and reports what would be done.
        public var isDryRun: Bool
        /// Counts the packages beside the work, by a listing of its own, so that progress says how many there are.
        public var countsAhead: Bool

        /// How to export.
        public init(
            jobs: Int? = nil, prefix: String = "", links: Bool = false, isDryRun: Bool = false,
            countsAhead: Bool = false, filter: PathFilter = PathFilter()
        ) {
            self.filter = filter
            self.countsAhead = countsAhead
            self.isDryRun = isDryRun
            self.jobs = jobs
            self.prefix = prefix
            self.links = links
        }
    }

    /// What the export tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// The file of a package is written (in a dry run: would be).
        case exported(PackageRecord)
        /// A file that the feed does not hold is removed (in a dry run: would be).
        case deleted(String)
        case failed(String, StoreError)
    }

    /// What the export came to.
    public struct Summary: Sendable, Equatable {
        /// Packages that were written (in a dry run: would be).
        public var exported: Int64 = 0
        /// There already, with the same content.
        public var unchanged: Int64 = 0
        /// Packages that could not be exported.
        public var failed: Int64 = 0
        /// Bytes of content that were written.
        public var bytes: Int64 = 0
        /// Files that were removed (in a dry run: would be); nil where none were looked for, because that was not asked
        /// for or a package failed.
        public var deleted: Int64?

        /// A summary of nothing.
        public init() {}
    }

    let feed: Feed
    let directory: String
    let options: Options
    let report: @Sendable (Event) -> Void

    /// How to export.
    public init(
        _ feed: Feed, to directory: String, _ options: Options = Options(), report: @escaping @Sendable (Event) -> Void
    ) {
        self.feed = feed
        self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.options = options
        self.report = report
    }

    /// Runs to the end of the feed.
    /// - Throws: what stops the whole: the feed or the directory cannot be opened, the disk is full, `cancelled`.
    public func run() async throws(StoreError) -> Summary {
        let opened = try await feed.open()
        if options.links, try await opened.storage.capability((any LinkableObjects).self) == nil {
            throw Self.cannotLink(opened)
        }
        if options.deletes && !options.deletesUnknown { try await expectKnown(in: opened) }
        if options.isDryRun {
            try await LocalDestination.expectOutsideRoots("\(directory)/.")
        } else {
            try await LocalDestination.makeFolder(directory)
        }
        let summary = Mutex(Summary())
        let counter = WorkCounter("exporting") { report(.progress($0)) }
        let budget = ByteBudget(48 << 20)
        // Ends with this scope, however that ends.
        async let _ = options.countsAhead ? countAhead(opened, counter) : ()
        let walk = RecordWalk(opened.storage, for: .reading)
        for try await page in opened.storage.listedPaths(query) {
            let packages = await walk.packages(at: page, includesDeleted: false)
            counter.add(items: Int64(page.count - packages.count))
            try await concurrently(jobs(in: opened), packages) { (listing) async throws(StoreError) in
                let count = ItemCount(counter)
                let result = try await export(listing, from: opened, budget: budget) { count.pass($0) }
                summary.withLock { $0.add(result) }
                count.finish(result.bytes)
            }
        }
        guard options.deletes, summary.withLock({ $0.failed == 0 }) else { return summary.withLock { $0 } }
        let others = try await deleteOthers(from: opened, counter)
        return summary.withLock { summary in
            summary.deleted = others.deleted
            summary.failed += others.failed
            return summary
        }
    }

    /// From a bucket most files wait for an answer.
    private func jobs(in opened: OpenFeed) -> Int {
        options.jobs ?? (opened.storage.capabilities.atomicMove ? 16 : 128)
    }

    var query: PackageQuery { PackageQuery(prefix: options.prefix, filter: options.filter) }

    /// Counts the paths, deleted ones too, since only their records tell them apart; where that fails the end stays
    /// unknown.
    private func countAhead(_ opened: OpenFeed, _ counter: WorkCounter) async {
        guard let count = try? await count(in: opened) else { return }
        counter.expect(items: count)
    }

    /// How many paths there are.
    func count(in opened: OpenFeed) async throws(StoreError) -> Int64 {
        var count: Int64 = 0
        for try await page in opened.paths(query) {
            if Task.isCancelled { throw StoreError(.cancelled, "counting was cancelled") }
            count += Int64(page.count)
        }
        return count
    }

    fileprivate enum Outcome {
        case exported(Int64), unchanged(Int64), failed

        var bytes: Int64 {
            switch self {
            case .exported(let bytes), .unchanged(let bytes): bytes
            case .failed: 0
            }
        }
    }

    private func export(
        _ listing: PackageListing, from opened: OpenFeed, budget: ByteBudget, pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Outcome {
        switch listing {
        case .unreadable(let path, let error):
            report(.failed(path.text, error))
            return .failed
        case .package(let record):
            do throws(StoreError) {
                // What is read from a bucket holds a segment and its connection's buffers in memory.
                return try await budget.spend(min(max(record.size, 65_536), 12 << 20)) { () async throws(StoreError) in
                    try await export(record, from: opened, pass: pass)
                }
            } catch {
                if error.code == .cancelled || error.code == .outOfSpace { throw error }
                report(.failed(record.path.text, error))
                return .failed
            }
        }
    }

    private func export(
        _ record: PackageRecord, from opened: OpenFeed, pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Outcome {
        let path = "\(directory)/\(record.path)"
        if try await isThere(record, path) { return .unchanged(record.size) }
        if options.isDryRun {
            try await opened.content.previewReading(record.digest, size: record.size)
        } else {
            try await write(record, to: path, from: opened, pass: pass)
        }
        report(.exported(record))
        return .exported(record.size)
    }

    private func write(
        _ record: PackageRecord, to path: String, from opened: OpenFeed, pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) {
        if options.links {
            try await link(record, to: path, from: opened, pass: pass)
        } else {
            try await LocalDestination.write(
                path, makingFolders: true, modified: record.modified
            ) { (append) async throws(StoreError) in
                try await opened.content.read(record.digest, size: record.size) { (content) async throws(StoreError) in
                    for try await chunk in content.chunks.counted(pass) { try await append(chunk) }
                }
            }
        }
    }

    private static func cannotLink(_ opened: OpenFeed) -> StoreError {
        StoreError(.unsupported, "\(opened.root.url) is not on a filesystem of this machine; export without --link")
    }

    /// Links what was verified first: damage is never handed out as good.
    private func link(
        _ record: PackageRecord, to path: String, from opened: OpenFeed, pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) {
        let blob = FeedLayout.blob(record.digest)
        guard let linkable = try await opened.storage.capability((any LinkableObjects).self, at: blob) else {
            throw Self.cannotLink(opened)
        }
        try await opened.content.read(record.digest, size: record.size) { (content) async throws(StoreError) in
            for try await _ in content.chunks.counted(pass) {}
        }
        if let (folder, _) = FilePath.split(path) { try await LocalDestination.makeFolder(folder) }
        try await linkable.storage.linkObject(linkable.key, toPath: path)
    }

    /// Whether the file is there with this content: its size, and where that is right its content, are compared.
    /// - Throws: `alreadyExists` for other content that is to be kept, and for what is no file.
    private func isThere(_ record: PackageRecord, _ path: String) async throws(StoreError) -> Bool {
        let file: LocalFile
        do { file = try await LocalFile.open(path) } catch {
            if error.code == .notFound { return false }
            guard error.code == .sourceFailed else { throw error }
            throw StoreError(.alreadyExists, "\(error.message), and is kept; export to another place, or move it away")
        }
        if try await file.holds(record.digest, size: record.size) { return true }
        if options.replaces { return false }
        throw StoreError(
            .alreadyExists,
            "\(path) has other content and is kept; export to another place, move it away, or replace it with --update")
    }
}

extension ExportOperation.Summary {
    fileprivate mutating func add(_ outcome: ExportOperation.Outcome) {
        switch outcome {
        case .exported(let size):
            exported += 1
            bytes.add(stated: size)
        case .unchanged(let size):
            unchanged += 1
            bytes.add(stated: size)
        case .failed: failed += 1
        }
    }
}
