internal import Synchronization

/// Lists what a feed has in quarantine, and removes of it what nothing needs.
///
/// *Guarantees*: removed is only what is old enough by the storage's own clock, and of which a good blob was just read
/// in its place, or which no record names. What cannot be looked at stays. Without ``Options/removing`` nothing is
/// written.
///
/// *Cost*: where something is in quarantine, one read of each record (or fewer in a bucket with an index), and one
/// reading of each blob that is concerned; memory for a page and a 256th of the references.
public struct QuarantineOperation: Sendable {
    /// What to do.
    public struct Options: Sendable {
        /// What to remove; nil to list only.
        public var removing: Removing?
        /// Contents read at once.
        public var jobs: Int

        /// Without arguments, to list.
        public init(removing: Removing? = nil, jobs: Int = 4) {
            self.removing = removing
            self.jobs = jobs
        }
    }

    /// What to remove.
    public struct Removing: Sendable {
        /// Only what is kept for so long.
        public var shortestAge: Duration
        /// Also damaged content that packages name and that has no good blob. A good copy stays all the same.
        public var includesNeeded: Bool
        /// Only says what would be removed.
        public var isDryRun: Bool
        /// Who removes.
        public var by: String

        /// To remove what is kept for so long.
        public init(shortestAge: Duration, includesNeeded: Bool = false, isDryRun: Bool = false, by: String) {
            self.shortestAge = shortestAge
            self.includesNeeded = includesNeeded
            self.isDryRun = isDryRun
            self.by = by
        }
    }

    /// What happens on the way.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// It is in quarantine. Where something is to be removed: it is old enough, and stays for what its state says.
        case kept(QuarantinedContent)
        /// It is removed; in a dry run, would be.
        case removed(QuarantinedContent)
        /// It could not be looked at, or not be removed.
        case failed(key: String, StoreError)
        /// A record cannot be read, so what it names is unknown.
        case unreadable(PackagePath, StoreError)
    }

    /// What came of it.
    public struct Summary: Sendable, Equatable {
        /// What stays.
        public internal(set) var kept = FeedStatistics.Amount()
        /// What is removed; in a dry run, would be.
        public internal(set) var removed = FeedStatistics.Amount()
        /// Of what stays, how much was not kept for long enough.
        public internal(set) var young: Int64 = 0
        /// What could not be looked at or removed.
        public internal(set) var failed: Int64 = 0
        /// Records that could not be read.
        public internal(set) var unreadable: Int64 = 0
    }

    private let feed: Feed
    private let options: Options
    private let report: @Sendable (Event) -> Void

    /// A look into the quarantine of one feed.
    /// - Parameter report: told what happens, from any thread.
    public init(_ feed: Feed, _ options: Options = Options(), report: @escaping @Sendable (Event) -> Void) {
        self.feed = feed
        self.options = options
        self.report = report
    }

    /// Looks at everything in quarantine.
    /// - Throws: what opening and listing throw; `migrating` where something is to be removed; `cancelled`.
    public func run() async throws(StoreError) -> Summary {
        let removes = options.removing.map { !$0.isDryRun } ?? false
        let opened = removes ? try await feed.openForWriting() : try await feed.open()
        if options.removing != nil { try await opened.storage.useOwnClock() }
        let walk = QuarantineWalk(opened, options, report)
        return try await walk.run()
    }
}

/// One walk through a quarantine.
private final class QuarantineWalk: Sendable {
    private let opened: OpenFeed
    private let options: QuarantineOperation.Options
    private let report: @Sendable (QuarantineOperation.Event) -> Void
    private let counter: WorkCounter
    private let summary = Mutex(QuarantineOperation.Summary())

    init(
        _ opened: OpenFeed, _ options: QuarantineOperation.Options,
        _ report: @escaping @Sendable (QuarantineOperation.Event) -> Void
    ) {
        self.opened = opened
        self.options = options
        self.report = report
        counter = WorkCounter("reading records") { report(.progress($0)) }
    }

    /// Something in quarantine, with what names it.
    private typealias Item = (entry: QuarantineListing.Entry, named: [Reference])

    func run() async throws(StoreError) -> QuarantineOperation.Summary {
        guard try await !isEmpty() else { return summary.withLock { $0 } }
        let references = try await readRecords()
        counter.begin("looking at content")
        let listing = QuarantineListing(opened.storage)
        var named = OrderedReferences(references)
        let next = { () async throws(StoreError) -> Item? in
            guard let entry = try await listing.next() else { return nil }
            guard case .content(let content) = entry else { return (entry, []) }
            return (entry, try await named.named(content.digest))
        }
        try await concurrently(options.jobs, next) { [self] (item) async throws(StoreError) in
            switch item.entry {
            case .content(let content):
                try await passing(content.key) { () async throws(StoreError) in try await settle(content, item.named) }
                counter.add(items: 1, bytes: content.size)
            case .note(let key, let age):
                try await passing(key) { () async throws(StoreError) in try await removeNote(key, age) }
            }
        }
        try await opened.root.verify()
        return summary.withLock { $0 }
    }

    private func isEmpty() async throws(StoreError) -> Bool {
        for try await page in opened.storage.list(ListRequest(FeedLayout.quarantine)) where !page.isEmpty {
            return false
        }
        return true
    }

    private func readRecords() async throws(StoreError) -> References {
        let references = try await References.make()
        for try await page in opened.storage.packages(PackageQuery(includesDeleted: true)) {
            if Task.isCancelled { throw StoreError(.cancelled, "looking at the quarantine was cancelled") }
            for listing in page {
                switch listing {
                case .package(let record): try await references.add(record.allReferences)
                case .unreadable(let path, let error):
                    summary.withLock { $0.unreadable += 1 }
                    report(.unreadable(path, error))
                }
            }
            counter.add(items: Int64(page.count))
        }
        return references
    }

    private func passing(_ key: Key, _ body: () async throws(StoreError) -> Void) async throws(StoreError) {
        do throws(StoreError) { try await body() } catch  where !error.meetsEveryItem {
            summary.withLock { $0.failed += 1 }
            report(.failed(key: key.text, error))
        }
    }

    private func settle(_ content: QuarantineListing.Content, _ named: [Reference]) async throws(StoreError) {
        if let removing = options.removing, content.noteAge.map({ $0 < removing.shortestAge }) ?? true {
            return try await keepYoung(content, removing)
        }
        let found = try await look(at: content, named)
        guard let removing = options.removing,
            found.state.isSpare || removing.includesNeeded && found.state != .good
        else {
            summary.withLock { $0.kept.add(content.size) }
            return report(.kept(found))
        }
        if !removing.isDryRun {
            // The content goes first: what a removal leaves that was stopped is a note, which says nothing any more.
            try await opened.root.storage.checkLocation()
            try await opened.storage.removeObject(content.key)
            try await opened.storage.removeRecord(FeedLayout.note(of: content.key))
        }
        summary.withLock { $0.removed.add(content.size) }
        report(.removed(found))
    }

    /// What has no note yet may just have been moved there; it gets one, and from then on its time is known.
    private func keepYoung(
        _ content: QuarantineListing.Content, _ removing: QuarantineOperation.Removing
    ) async throws(StoreError) {
        summary.withLock { summary in
            summary.kept.add(content.size)
            summary.young += 1
        }
        if content.noteAge != nil || removing.isDryRun { return }
        try await opened.root.storage.checkLocation()
        do throws(StoreError) {
            try await opened.content.note(content.key, content.digest, why: "found without a note", by: removing.by)
        } catch  where error.code == .preconditionFailed {}  // Whoever moved it was faster.
    }

    private func removeNote(_ key: Key, _ age: Duration) async throws(StoreError) {
        guard let removing = options.removing, !removing.isDryRun, age >= removing.shortestAge else { return }
        try await opened.root.storage.checkLocation()
        try await opened.storage.removeRecord(key)
    }

    private func look(
        at content: QuarantineListing.Content, _ named: [Reference]
    ) async throws(StoreError) -> QuarantinedContent {
        let note = content.noteAge == nil ? nil : try await note(of: content.key)
        let hasAllRecords = summary.withLock { $0.unreadable == 0 }
        let state: QuarantinedContent.State
        if try await isReplaced(content.digest) {
            state = .replaced
        } else if named.isEmpty && hasAllRecords {
            state = .unnamed
        } else if try await hasDigest(content) {
            state = .good
        } else {
            state = named.isEmpty ? .unknown : .needed
        }
        return QuarantinedContent(
            key: content.key.text, digest: content.digest, size: content.size,
            note: note.map { QuarantinedContent.Note(at: $0.at, why: $0.why, by: $0.by) }, age: content.noteAge,
            packages: named.prefix(10).map(\.path), packageCount: Int64(named.count), state: state)
    }

    /// What a note says; nil where it is garbled.
    private func note(of key: Key) async throws(StoreError) -> QuarantineNote? {
        do throws(StoreError) {
            let stored: Stored<QuarantineNote>? = try await opened.storage.document(FeedLayout.note(of: key))
            return stored?.body
        } catch  where error.code == .corrupt {
            return nil
        }
    }

    private func isReplaced(_ digest: Digest) async throws(StoreError) -> Bool {
        do { return try await opened.content.isGood(FeedLayout.blob(digest), digest) } catch
            where error.code == .notFound
        {
            return false
        }
    }

    /// Whether what was put aside is good after all.
    /// - Throws: also where it cannot be read to its end, which does not prove that it is damaged.
    private func hasDigest(_ content: QuarantineListing.Content) async throws(StoreError) -> Bool {
        try await opened.storage.readObject(content.key, range: nil) { (read) async throws(StoreError) in
            try await ContentHasher.summary(of: read.chunks).digest == content.digest
        }
    }
}
