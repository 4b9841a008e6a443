internal import Synchronization

/// Writes the packages of a feed as a plain tree of files.
///
/// Each file appears whole, verified and durable, or not at all. A file that is there already with the same content is
/// left, so that an export can be stopped and run again; one with other content is a failure, and kept.
public struct ExportOperation: Sendable {
    /// How the export is done.
    public struct Options: Sendable {
        /// Files worked on at once.
        public var jobs: Int
        /// Only paths that begin with this text.
        public var prefix: String
        /// Gives the stored files a second name rather than to copy them; nothing may ever write into them.
        public var links: Bool
        /// Only looks, and reports what would be done.
        public var isDryRun: Bool
        /// Counts the packages beside the work, by a listing of its own, so that progress says how many there are.
        public var countsAhead: Bool

        public init(
            jobs: Int = 16, prefix: String = "", links: Bool = false, isDryRun: Bool = false, countsAhead: Bool = false
        ) {
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
        /// A file is written (in a dry run: would be).
        case exported(String)
        case failed(String, StoreError)
    }

    /// What the export came to.
    public struct Summary: Sendable, Equatable {
        public var exported: Int64 = 0
        /// There already, with the same content.
        public var unchanged: Int64 = 0
        public var failed: Int64 = 0
        public var bytes: Int64 = 0

        public init() {}
    }

    private let feed: Feed
    private let directory: String
    private let options: Options
    private let report: @Sendable (Event) -> Void

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
        let visit = try await feed.visit()
        if options.links, !(visit.storage is any LinkableObjects) {
            throw StoreError(
                .unsupported, "\(visit.root.url) is on no filesystem of this machine: export without --link")
        }
        if !options.isDryRun { try await LocalDestination.makeFolder(directory) }
        let summary = Mutex(Summary())
        let counter = WorkCounter("exporting") { report(.progress($0)) }
        let budget = ByteBudget(48 << 20)
        // Ends with this scope, however that ends.
        async let _ = options.countsAhead ? countAhead(visit, counter) : ()
        for try await page in visit.paths(query) {
            let packages = await visit.read(page, includesDeleted: false)
            counter.add(items: Int64(page.count - packages.count))
            try await concurrently(options.jobs, packages) { (listing) async throws(StoreError) in
                let count = ItemCount(counter)
                let result = try await export(listing, visit, budget) { count.pass($0) }
                summary.withLock { $0.add(result) }
                count.finish(result.bytes)
            }
        }
        return summary.withLock { $0 }
    }

    private var query: PackageQuery { PackageQuery(prefix: options.prefix) }

    /// Counts the paths, deleted ones too, since only their records tell them apart; where that fails the end stays
    /// unknown.
    private func countAhead(_ visit: FeedVisit, _ counter: WorkCounter) async {
        guard let count = try? await count(in: visit) else { return }
        counter.expect(items: count)
    }

    /// How many paths there are.
    func count(in visit: FeedVisit) async throws(StoreError) -> Int64 {
        var count: Int64 = 0
        for try await page in visit.paths(query) {
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
        _ listing: PackageListing, _ visit: FeedVisit, _ budget: ByteBudget, _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Outcome {
        switch listing {
        case .unreadable(let path, let error):
            report(.failed(path.text, error))
            return .failed
        case .package(let record):
            do throws(StoreError) {
                // What is read from a bucket holds a segment and its connection's buffers in memory.
                return try await budget.spend(min(max(record.size, 65_536), 8 << 20)) { () async throws(StoreError) in
                    try await export(record, visit, pass)
                }
            } catch {
                if error.code == .cancelled || error.code == .outOfSpace { throw error }
                report(.failed(record.path.text, error))
                return .failed
            }
        }
    }

    private func export(
        _ record: PackageRecord, _ visit: FeedVisit, _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) -> Outcome {
        let path = "\(directory)/\(record.path)"
        if try await isThere(record, path) { return .unchanged(record.size) }
        if options.isDryRun {
            try await visit.content.foreseeReading(record.digest, size: record.size)
        } else {
            try await write(record, path, visit, pass)
        }
        report(.exported(record.path.text))
        return .exported(record.size)
    }

    private func write(
        _ record: PackageRecord, _ path: String, _ visit: FeedVisit, _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) {
        if options.links, let storage = visit.storage as? any LinkableObjects {
            try await link(record, path, visit, storage, pass)
        } else {
            try await LocalDestination.write(path, makingFolders: true) { (append) async throws(StoreError) in
                try await visit.content.read(record.digest, size: record.size) { (content) async throws(StoreError) in
                    for try await chunk in content.chunks.counted(pass) { try await append(chunk) }
                }
            }
        }
    }

    /// Links what was verified first: damage is never handed out as good.
    private func link(
        _ record: PackageRecord, _ path: String, _ visit: FeedVisit, _ storage: any LinkableObjects,
        _ pass: @escaping @Sendable (Int64) -> Void
    ) async throws(StoreError) {
        try await visit.content.read(record.digest, size: record.size) { (content) async throws(StoreError) in
            for try await _ in content.chunks.counted(pass) {}
        }
        if let (folder, _) = LocalPath.split(path) { try await LocalDestination.makeFolder(folder) }
        try await storage.linkObject(FeedLayout.blob(record.digest), toPath: path)
    }

    /// Whether the file is there with this content.
    /// - Throws: `alreadyExists` when it has other content.
    private func isThere(_ record: PackageRecord, _ path: String) async throws(StoreError) -> Bool {
        let file: LocalFile
        do { file = try await LocalFile.open(path) } catch {
            if error.code == .notFound { return false }
            guard error.code == .sourceFailed else { throw error }
            throw StoreError(.alreadyExists, "\(error.message), and is kept: export to another place, or move it away")
        }
        var hasher = try ContentHasher()
        if file.size == record.size { for try await chunk in file.chunks() { hasher.update(chunk) } }
        guard file.size == record.size, try hasher.finish().digest == record.digest else {
            throw StoreError(
                .alreadyExists, "\(path) has other content, and is kept: export to another place, or move it away")
        }
        return true
    }
}

extension ExportOperation.Summary {
    fileprivate mutating func add(_ outcome: ExportOperation.Outcome) {
        switch outcome {
        case .exported(let size):
            exported += 1
            bytes += size
        case .unchanged(let size):
            unchanged += 1
            bytes += size
        case .failed: failed += 1
        }
    }
}
