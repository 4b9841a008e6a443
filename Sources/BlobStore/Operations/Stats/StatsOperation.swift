internal import Synchronization

/// Counts what a feed holds. Nothing is changed, and no content is read.
public struct StatsOperation: Sendable {
    /// What the count tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// Something cannot be read, so that what it holds is not counted: a record, by its package's path; a folder,
        /// or what may hide packages, by its name in the root; "uploads in flight".
        case failed(String, StoreError)
        /// A folder at the top of the feed, with a slash at its end, and the packages in it and below it. The folders
        /// come in key order, each once; last, under an empty name, the packages that are in none.
        case folder(String, FeedStatistics.Amount)
    }

    private let feed: Feed
    private let tellsFolders: Bool
    private let report: @Sendable (Event) -> Void

    /// How to count.
    /// - Parameter tellsFolders: whether to tell what each folder at the top holds, too.
    public init(_ feed: Feed, tellsFolders: Bool = false, report: @escaping @Sendable (Event) -> Void) {
        self.feed = feed
        self.tellsFolders = tellsFolders
        self.report = report
    }

    /// Counts to the end of the feed, whatever records and folders cannot be read. Others may write meanwhile: what
    /// they change is counted or not.
    /// - Throws: what opening throws, and what would keep all the rest from being counted; `cancelled`.
    /// - Cost: one read of each record, and listings; memory for a page and a 256th of the references.
    public func run() async throws(StoreError) -> FeedStatistics {
        let opened = try await feed.open()
        let counter = WorkCounter("reading records") { report(.progress($0)) }
        var figures = FeedStatistics()
        try await passing(FeedLayout.packages, &figures) { (figures) async throws(StoreError) in
            try await countRecords(of: opened, &figures, counter)
        }
        counter.begin("listing content")
        try await passing(FeedLayout.blobs, &figures) { (figures) async throws(StoreError) in
            try await list(FeedLayout.blobs, of: opened, &figures) { key, size, figures in
                if FeedLayout.digest(ofBlob: key) != nil { figures.blobs.add(size) }
                counter.add(items: 1)
            }
        }
        for (folder, amount) in [
            (FeedLayout.retired, \FeedStatistics.retired), (FeedLayout.quarantine, \FeedStatistics.quarantined),
        ] as [(KeyPrefix, WritableKeyPath<FeedStatistics, FeedStatistics.Amount>)] {
            try await passing(folder, &figures) { (figures) async throws(StoreError) in
                // Without the notes about it.
                try await list(folder, of: opened, &figures) { key, size, figures in
                    if !key.isRecord, FeedLayout.digest(ofSetAside: key) != nil { figures[keyPath: amount].add(size) }
                }
            }
        }
        try await passing("uploads in flight", &figures) { (figures) async throws(StoreError) in
            for try await page in opened.storage.uploadsInFlight() {
                for upload in page { figures.staged.add(upload.size) }
            }
        }
        return figures
    }

    /// Counts a part; where that ends with an error that says nothing of the others, tells so and goes on.
    private func passing(
        _ part: any CustomStringConvertible, _ figures: inout FeedStatistics,
        _ count: (inout FeedStatistics) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        do throws(StoreError) { try await count(&figures) } catch {
            if error.meetsEveryItem { throw error }
            pass(part.description, error, in: &figures)
        }
    }

    private func pass(_ thing: String, _ error: StoreError, in figures: inout FeedStatistics) {
        figures.unreadable += 1
        report(.failed(thing, error))
    }

    /// Calls `body` with the keys and sizes of all objects in a folder of the root.
    private func list(
        _ folder: KeyPrefix, of opened: OpenFeed, _ figures: inout FeedStatistics,
        _ body: (Key, Int64, inout FeedStatistics) -> Void
    ) async throws(StoreError) {
        for try await page in opened.storage.list(ListRequest(folder, wantsDetails: true, passesUnreadable: true)) {
            for entry in page {
                switch entry {
                case .key(let key, let info?): body(key, info.size, &figures)
                case .unreadable(let folder, let error): pass(folder.text, error, in: &figures)
                default: break
                }
            }
        }
    }

    private func countRecords(
        of opened: OpenFeed, _ figures: inout FeedStatistics, _ counter: WorkCounter
    ) async throws(StoreError) {
        let references = try await References.make()
        let passed = Mutex(Int64(0))
        let pages = opened.storage.packages(PackageQuery(includesDeleted: true)) { [report] thing, why in
            passed.withLock { $0 += 1 }
            report(.failed(thing, why))
        }
        var folders = FolderTally()
        for try await page in pages {
            if Task.isCancelled { throw StoreError(.cancelled, "counting was cancelled") }
            for listing in page {
                switch listing {
                case .package(let record):
                    if tellsFolders, record.deleted == nil, let done = folders.add(record) { report(done) }
                    if record.deleted == nil { figures.packages.add(record.size) } else { figures.deleted += 1 }
                    figures.formerRevisions += Int64(record.previous?.count ?? 0)
                    try await references.add(record.allReferences)
                case .unreadable(let path, let error):
                    pass(path.text, error, in: &figures)
                }
            }
            counter.add(items: Int64(page.count))
        }
        if tellsFolders { for rest in folders.finish() { report(rest) } }
        figures.unreadable += passed.withLock { $0 }
        for bucket in 0..<References.bucketCount {
            for named in try await references.load(bucket).values {
                for reference in named.filter({ $0.kind == .current }).dropFirst() {
                    figures.sharedBytes.add(stated: reference.size)
                }
            }
        }
    }
}

/// Adds packages up that come in key order, in which those of a folder stand together.
private struct FolderTally {
    private var current: (name: String, amount: FeedStatistics.Amount)?
    private var outside = FeedStatistics.Amount()

    /// - Returns: the folder before, once a package of another one comes.
    mutating func add(_ record: PackageRecord) -> StatsOperation.Event? {
        let text = record.path.text
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            outside.add(record.size)
            return nil
        }
        let name = String(text[...slash])
        var done: StatsOperation.Event?
        if current?.name != name {
            done = current.map { .folder($0.name, $0.amount) }
            current = (name, FeedStatistics.Amount())
        }
        current?.amount.add(record.size)
        return done
    }

    func finish() -> [StatsOperation.Event] {
        let last = current.map { [StatsOperation.Event.folder($0.name, $0.amount)] } ?? []
        return outside.count > 0 ? last + [.folder("", outside)] : last
    }
}
