internal import Synchronization

/// The check of one feed: its records, its blobs, and the rest of its root.
struct FeedCheck: Sendable {
    let visit: FeedVisit
    let options: CheckOperation.Options
    let tally: CheckTally
    let notes: LedgerNotes

    init(_ visit: FeedVisit, _ options: CheckOperation.Options, _ tally: CheckTally) {
        self.visit = visit
        self.options = options
        self.tally = tally
        notes = LedgerNotes(visit.storage)
    }

    /// - Throws: what ends the check of this feed: its root is not in its place, or a folder cannot be listed.
    func run() async throws(StoreError) {
        try await visit.root.verify()
        let references = try await References.make()
        let quarantined = try await checkRest()
        let areRecordsComplete = try await checkRecords(into: references)
        let selection = try await selection()
        let blobs = BlobCheck(self, references, selection, quarantined, orphansAreKnown: areRecordsComplete)
        do throws(StoreError) { try await blobs.run() } catch {
            // What was verified until then stays verified; the error itself matters more than a second one.
            try? await uncancelled { [notes] () async throws(StoreError) in try await notes.write() }
            throw error
        }
        try await notes.write()
        try await visit.root.verify()
    }

    private func selection() async throws(StoreError) -> ShardSelection {
        let (selection, flaw) = try await FeedSurvey(visit, tally).selection(options.content)
        if let flaw {
            let cure =
                flaw.code == .corrupt
                ? "the next check of content that may write here replaces it" : "nothing is noted in its place"
            tally.add(
                .badRecord, .warning, key: CheckLedger.key.text,
                "\(flaw.message): nothing is known to have been verified; \(cure)")
        }
        return selection
    }
}

extension FeedCheck {
    /// Reads all records, and puts aside what they name.
    /// - Returns: whether every record could be read, so that what no record names is known.
    private func checkRecords(into references: References) async throws(StoreError) -> Bool {
        tally.counter.begin("reading records")
        let pages = visit.storage.list(ListRequest(FeedLayout.packages, wantsDetails: true))
        let isComplete = Mutex(true)
        var iterator = pages.makeAsyncIterator()
        try await concurrently(options.jobs, { () async throws(StoreError) in try await iterator.next() }) {
            (page) async throws(StoreError) in
            let paths = recordPaths(page)
            if page.contains(where: \.isForeign) { isComplete.withLock { $0 = false } }
            for (path, result) in zip(paths, await visit.storage.readRecords(paths.map(\.key))) {
                do throws(StoreError) {
                    guard let record = try result.get() else { continue }
                    let stored: Stored<PackageRecord> = try Stored(record, at: path.key)
                    try stored.body.check(path)
                    try await references.add(stored.body.allReferences)
                    tally.count(packages: stored.body.deleted == nil ? 1 : 0)
                } catch {
                    isComplete.withLock { $0 = false }
                    try add(error, path)
                }
            }
            tally.counter.add(items: Int64(paths.count))
        }
        return isComplete.withLock { $0 }
    }

    /// The package paths of a page; what is none is reported.
    private func recordPaths(_ page: [ListEntry]) -> [PackagePath] {
        page.compactMap { entry in
            guard case .key(let key, _) = entry else {
                add(oddity: entry)
                return nil
            }
            if let path = try? PackagePath(of: key) { return path }
            tally.add(.unexpectedObject, key: key.text, "\(key) is the record of no package path: move it away")
            return nil
        }
    }

    /// What stands in the place of records hides them, and what they name.
    private func add(oddity entry: ListEntry) {
        let what: String
        switch entry {
        case .foreign(_, .notAFile): what = "a symbolic link, device, pipe or socket"
        case .foreign(_, .otherFilesystem): what = "the mount of another filesystem"
        case .foreign(_, .name), .key, .folder, .access: return tally.add(oddity: entry)
        }
        let path = (try? Key(entry.text)).flatMap { try? PackagePath(of: $0) }
        tally.add(
            .badRecord, key: entry.text, packages: path.map { [$0.text] } ?? [],
            "\(entry.text) is \(what), and no record, so what it stands for cannot be read and nothing is collected: take "
                + "it away, and bring what belongs there back from a backup")
    }

    /// A record that could not be read, or not be understood: damage, or a gap in this check.
    private func add(_ error: StoreError, _ path: PackagePath) throws(StoreError) {
        switch error.code {
        case .cancelled: throw error
        case .corrupt:
            tally.add(
                .badRecord, key: path.key.text, packages: [path.text], "\(error.message): publish the package again")
        default: tally.incomplete(error.during("readRecord", key: path.key.text), packages: [path.text])
        }
    }
}

extension ListEntry {
    /// Whether it is something that no storage wrote.
    fileprivate var isForeign: Bool { if case .foreign = self { true } else { false } }
}
