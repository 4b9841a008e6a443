internal import Synchronization

/// The check of one feed: its records, its blobs, and the rest of its root.
struct FeedCheck: Sendable {
    let opened: OpenFeed
    let options: CheckOperation.Options
    let tally: CheckTally
    let notes: LedgerNotes

    init(_ opened: OpenFeed, _ options: CheckOperation.Options, tally: CheckTally) {
        self.opened = opened
        self.options = options
        self.tally = tally
        notes = LedgerNotes(opened.storage)
    }

    /// - Throws: what ends the check of this feed: its root is not in its place, or a folder cannot be listed.
    func run() async throws(StoreError) {
        try await opened.root.verify()
        let references = try await References.make()
        let quarantined = try await checkRootContents()
        let records = try await checkRecords(into: references)
        let selection = try await selection()
        let blobs = BlobCheck(
            self, references: references, selection: selection, quarantined: quarantined,
            orphansAreKnown: records.areComplete)
        try await run(blobs)
        if records.count == 0 { try await expectNoRecords(blobs.oldest) } else { expectFewOrphans(blobs.abandoned) }
        try await notes.write()
        try await opened.root.verify()
    }

    /// Reads the content of one part, and looks at no record.
    /// - Parameter report: told of each first byte that is done.
    func run(
        _ part: ClosedRange<UInt8>, of name: FeedName, _ report: @escaping @Sendable (CheckOperation.Event) -> Void
    ) async throws(StoreError) {
        try await opened.root.verify()
        let blobs = BlobCheck(
            self, references: try await References.make(), selection: try await selection(), quarantined: [:],
            orphansAreKnown: false
        ) { [tally] in report(.reached(name, $0, tally.summary)) }
        try await run(blobs)
        try await notes.write()
        try await opened.root.verify()
    }

    /// What the records name in a part of the digests, as far as they can be read: what cannot is told by the check of
    /// the records.
    /// - Cost: one reading of all records, as far as no index has them.
    func references(in part: ClosedRange<UInt8>) async throws(StoreError) -> References {
        let references = try await References.make()
        do throws(StoreError) {
            for try await page in opened.storage.packages(PackageQuery(includesDeleted: true)) {
                if Task.isCancelled { throw StoreError(.cancelled, "the check was cancelled") }
                for case .package(let record) in page {
                    try await references.add(
                        record.allReferences.filter { part.contains(UInt8(truncatingIfNeeded: $0.digest.bucket)) })
                }
            }
        } catch {
            if error.code == .cancelled { throw error }
        }
        return references
    }

    private func run(_ blobs: BlobCheck) async throws(StoreError) {
        do throws(StoreError) { try await blobs.run() } catch {
            // What was verified until then stays verified; the error itself matters more than a second one.
            try? await uncancelled { [notes] () async throws(StoreError) in try await notes.write() }
            throw error
        }
    }

    /// Blobs without any record: what a first publication leaves that died, or all records are gone.
    ///
    /// Where folders stand by themselves that of the records is made with the root, and tells when it is gone. Where it
    /// is there but empty, and in a bucket, time tells: no first publication takes as long.
    private func expectNoRecords(_ oldestBlob: Timestamp?) async throws(StoreError) {
        guard let oldestBlob else { return }
        if !isLeftOver(oldestBlob), try await opened.storage.lacksFolderOfRecords() != true { return }
        tally.add(
            .badRecord, key: FeedLayout.packages.text,
            "there are \(tally.summary.blobs) blobs but no records; restore the folder \(FeedLayout.packages) from a "
                + "backup, or, if nothing was ever published here, publish something")
    }

    /// Most blobs without a record: records may be missing, as when their folder was lost and made anew by the next
    /// publication.
    ///
    /// In an immutable feed hardly anything else leaves so many behind, since what was deleted keeps its record. In a
    /// mutable one each replacement does.
    private func expectFewOrphans(_ abandoned: Int64) {
        let blobs = tally.summary.blobs
        guard !opened.record.mutable, abandoned >= Self.suspiciousOrphans, abandoned > blobs / 2 else { return }
        tally.add(
            .orphanBlob, .warning, key: FeedLayout.packages.text,
            "\(abandoned) of \(blobs) blobs belong to no record; if packages are missing, restore the folder "
                + "\(FeedLayout.packages) from a backup before \"blobtool gc\" is allowed to remove so many (--max-delete)"
        )
    }

    /// Fewer are what publications left that died.
    private static let suspiciousOrphans: Int64 = 3

    /// Whether something was written so long ago that no publication can still be on its way to it.
    func isLeftOver(_ written: Timestamp) -> Bool {
        Timestamp.now.seconds - written.seconds > opened.leftoverAge.components.seconds
    }

    private func selection() async throws(StoreError) -> ShardSelection {
        let (selection, flaw) = try await FeedSurvey(opened, tally, part: options.part).selection(options.content)
        if let flaw {
            // Where a system call failed, something stands in the way, and the ledger itself may be sound.
            let isInTheWay = if case .errno = flaw.cause { true } else { false }
            let cure =
                flaw.code == .corrupt && !isInTheWay
                ? "the next check that reads content and may write here replaces it" : "nothing is noted in its place"
            tally.add(
                .badRecord, .warning, key: CheckLedger.key.text,
                "\(flaw.message); nothing counts as verified; \(cure)")
        }
        return selection
    }
}

extension FeedCheck {
    /// Reads all records, and puts aside what they name.
    /// - Returns: whether every record could be read, so that what no record names is known; and how many there are.
    private func checkRecords(into references: References) async throws(StoreError) -> (areComplete: Bool, count: Int) {
        tally.counter.begin("reading records")
        let pages = opened.storage.list(ListRequest(FeedLayout.packages, wantsDetails: true, passesUnreadable: true))
        let isComplete = Mutex(true)
        let count = Mutex(0)
        var iterator = pages.makeAsyncIterator()
        // What is to find damaged content finds damaged records, too.
        let walk = RecordWalk(opened.storage, for: options.content == .none ? .upkeep : .truth)
        let next = { () async throws(StoreError) -> (paths: [PackagePath], page: RecordWalk.Page)? in
            guard let page = try await iterator.next() else { return nil }
            if page.contains(where: \.mayHideRecords) { isComplete.withLock { $0 = false } }
            count.withLock { $0 += page.count }
            let listed = listedPaths(page)
            return (listed.map(\.path), walk.page(listed.map(\.record)))
        }
        try await concurrently(options.jobs, next) { (paths, page) async throws(StoreError) in
            var sound: [PackageRecord] = []
            for (path, result) in zip(paths, await walk.read(page)) {
                do throws(StoreError) {
                    guard let record = try result.get() else { continue }
                    let stored: Stored<PackageRecord> = try Stored(record, at: path.key)
                    try stored.body.check(path)
                    sound.append(stored.body)
                } catch {
                    isComplete.withLock { $0 = false }
                    try add(error, path)
                }
            }
            do throws(StoreError) { try await putAside(sound, in: references) } catch {
                isComplete.withLock { $0 = false }
                for record in sound { try add(error, record.path) }
            }
            tally.counter.add(items: Int64(paths.count))
        }
        await walk.end()
        return (isComplete.withLock { $0 }, count.withLock { $0 })
    }

    /// What the records of a page name: all of it at once, since each visit to a thread that may block costs more than
    /// the work there.
    private func putAside(_ records: [PackageRecord], in references: References) async throws(StoreError) {
        if records.isEmpty { return }
        try await references.add(records.flatMap(\.allReferences))
        tally.count(packages: Int64(records.count { $0.deleted == nil }))
    }

    /// The package paths of a page; what is none is reported.
    private func listedPaths(_ page: [ListEntry]) -> [ListedPath] {
        page.compactMap { entry in
            guard case .key(let key, let info) = entry else {
                add(oddity: entry)
                return nil
            }
            if let path = try? PackagePath(of: key) { return ListedPath(path: path, info: info) }
            tally.add(unexpected: key, "is not the record of any package path")
            return nil
        }
    }

    /// What stands in the place of records hides them, and what they name.
    private func add(oddity entry: ListEntry) {
        let what: String
        switch entry {
        case .foreign(_, .notAFile): what = "a symbolic link, device, pipe or socket"
        case .foreign(_, .otherFilesystem): what = "the mount of another filesystem"
        case .foreign(_, .folder): what = "a folder"
        case .foreign(_, .name), .foreign(_, .litter), .key, .folder, .access, .unreadable:
            return tally.add(oddity: entry)
        }
        let place = entry.text.hasSuffix("/") ? String(entry.text.dropLast()) : entry.text
        let path = (try? Key(place)).flatMap { try? PackagePath(of: $0) }
        tally.add(
            .badRecord, key: entry.text, packages: path.map { [$0.text] } ?? [],
            "\(entry.text) is \(what), not a record, so what it should hold cannot be read and nothing is collected; take "
                + "it away, and restore what belongs there from a backup")
    }

    /// A record that could not be read, or not be understood: damage, or a gap in this check.
    private func add(_ error: StoreError, _ path: PackagePath) throws(StoreError) {
        switch error.code {
        case .cancelled: throw error
        case .corrupt:
            tally.add(
                .badRecord, key: path.key.text, packages: [path.text], "\(error.message); publish the package again")
        default: tally.incomplete(error.during("readRecord", key: path.key.text), packages: [path.text])
        }
    }
}
