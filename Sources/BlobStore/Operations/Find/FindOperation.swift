/// Finds out which packages of a feed name content, by its digest or the beginning of that. Nothing is changed, and no
/// content is read.
public struct FindOperation: Sendable {
    /// What the search tells while it runs.
    public enum Event: Sendable {
        case progress(WorkProgress)
        /// A package names it.
        case found(FoundPackage)
        /// What there is of content that was looked for, once all records were read.
        case content(FoundContent)
        /// A record cannot be read, so what it names is unknown.
        case failed(PackagePath, StoreError)
    }

    /// What came of it.
    public struct Summary: Sendable, Equatable {
        /// Packages that name what was looked for; one that names several digests counts for each.
        public internal(set) var packages: Int64 = 0
        /// Records that could not be read: an absence proves nothing then.
        public internal(set) var unreadable: Int64 = 0
        /// What of the wanted is named by a package.
        public internal(set) var named: Set<DigestPrefix> = []
    }

    /// More digests than this are not kept in mind for one search.
    package static let maximumDigests = 10_000

    private let wanted: [DigestPrefix]
    private let feed: Feed
    private let report: @Sendable (Event) -> Void

    /// A search for these in one feed.
    /// - Parameter report: told what is found, in key order of the paths.
    public init(_ wanted: [DigestPrefix], in feed: Feed, report: @escaping @Sendable (Event) -> Void) {
        self.wanted = wanted
        self.feed = feed
        self.report = report
    }

    /// Searches to the end of the feed. Others may write meanwhile: what they change is found or not.
    /// - Throws: what opening and listing throw; `invalidArgument` where more than 10,000 digests begin as one that was
    ///   asked for; `cancelled`. An error is never an early end.
    /// - Cost: one read of each record, or fewer in a bucket where an index of the records is there; memory for a few
    ///   pages and for the digests that were found.
    public func run() async throws(StoreError) -> Summary {
        let opened = try await feed.open()
        let byBits = Dictionary(grouping: wanted, by: \.leadingBits)
        let counter = WorkCounter("reading records") { [report] in report(.progress($0)) }
        var summary = Summary()
        var counts: [Digest: Int64] = [:]
        for try await page in opened.storage.packages(PackageQuery(includesDeleted: true)) {
            if Task.isCancelled { throw StoreError(.cancelled, "the search was cancelled") }
            for listing in page {
                switch listing {
                case .package(let record):
                    for found in record.found({ digest in byBits[digest.leadingBits]?.fit(digest).isEmpty == false }) {
                        summary.packages += 1
                        summary.named.formUnion(byBits[found.digest.leadingBits]?.fit(found.digest) ?? [])
                        counts[found.digest, default: 0] += 1
                        report(.found(found))
                    }
                case .unreadable(let path, let error):
                    summary.unreadable += 1
                    report(.failed(path, error))
                }
            }
            for prefix in summary.named where counts.count > Self.maximumDigests {
                try prefix.expect(counts.count, upTo: Self.maximumDigests)
            }
            counter.add(items: Int64(page.count))
        }
        try await tell(of: opened, counts, counter)
        // Nothing is said to be absent from a place that is another by now.
        try await opened.root.verify()
        return summary
    }

    /// Tells what there is of the content itself, in the order of the digests.
    private func tell(
        of opened: OpenFeed, _ named: [Digest: Int64], _ counter: WorkCounter
    ) async throws(StoreError) {
        counter.begin("looking at content", itemsTotal: Int64(wanted.count))
        var told: Set<Digest> = []
        for prefix in wanted {
            let limit = Self.maximumDigests
            let blobs = try await opened.content.blobs(prefix, upTo: limit)
            let retired = try await opened.content.copiesAside(prefix, in: FeedLayout.retired, upTo: limit)
            let quarantined = try await opened.content.copiesAside(prefix, in: FeedLayout.quarantine, upTo: limit)
            let digests = Set(blobs.keys).union(retired.keys).union(quarantined.keys)
                .union(named.keys.filter(prefix.matches)).subtracting(told)
            told.formUnion(digests)
            for digest in digests.sorted() {
                report(
                    .content(
                        FoundContent(
                            digest: digest, size: blobs[digest], retired: retired[digest] ?? 0,
                            quarantined: quarantined[digest] ?? 0, packages: named[digest] ?? 0)))
            }
            counter.add(items: 1)
        }
    }
}

extension [DigestPrefix] {
    /// Those with which a digest begins.
    fileprivate func fit(_ digest: Digest) -> [DigestPrefix] { filter { $0.matches(digest) } }
}
