/// Deletes old versions by the rules of feeds: kind `retention`, one shard a feed.
///
/// Arguments: `feed`, for one feed alone. Packages are deleted by compare-and-swap, so a shard that is begun twice does
/// no harm. One that another node left off is resumed behind the last folder that was done.
public struct RetentionRunner: JobRunner {
    private let store: PackageStore

    /// Deletes old versions in feeds of that store.
    public init(_ store: PackageStore) { self.store = store }

    public var kind: String { "retention" }

    /// What the job needs to know.
    /// - Parameter feed: nil for all feeds.
    public static func arguments(_ feed: FeedName?) -> [String: String] {
        var arguments: [String: String] = [:]
        arguments["feed"] = feed?.text
        return arguments
    }

    public func shards(_ arguments: [String: String]) async throws(StoreError) -> [String] {
        try await store.feedNames(arguments)
    }

    /// - Returns: `deleted`, `bytes`, `changed`, `failed`; `incomplete`, 1 where something could not be looked at. Only
    ///   `skipped`, 1, where the feed has no rule, or none any more.
    /// - Throws: what `RetainOperation.run()` throws.
    public func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64] {
        let feed = try await store.feed(shard.name)
        if try await feed.record().retentionRules.isEmpty { return ["skipped": 1] }
        let former =
            try shard.checkpoint.map { (text) throws(StoreError) in try RetentionProgress(text) } ?? RetentionProgress()
        let options = RetainOperation.Options(
            deletes: true, by: "retention (\(store.node))", after: former.reached)
        let summary = try await RetainOperation(feed, options) { event in
            switch event {
            case .progress(let progress):
                shard.note(JobRecord.Progress(done: former.listed + progress.items))
            case .reached(let path, let summary):
                let now = former.adding(summary, upTo: path)
                shard.note(JobRecord.Progress(done: now.listed), checkpoint: now.text)
            case .failed(let thing, let error): shard.remark("\(thing): \(error.message)")
            case .expired: break
            }
        }.run()
        return former.adding(summary, upTo: former.reached).result
    }
}

/// Up to where old versions are deleted, and what that came to: a checkpoint.
struct RetentionProgress: Sendable {
    private(set) var reached: PackagePath?
    private(set) var listed: Int64 = 0
    private var counts: [Int64] = [0, 0, 0, 0, 0]
    private static let names = ["deleted", "bytes", "changed", "failed", "incomplete"]

    init() {}

    /// Reads a checkpoint: numbers, and then the path, which may have spaces in it.
    /// - Throws: `corrupt`.
    init(_ text: String) throws(StoreError) {
        let words = text.split(separator: " ", maxSplits: Self.names.count + 1, omittingEmptySubsequences: false)
        let numbers = words.dropLast().compactMap { Int64($0) }.filter { $0 >= 0 }
        guard let path = words.last.flatMap({ try? PackagePath(String($0)) }), numbers.count == Self.names.count + 1
        else {
            throw StoreError(.corrupt, "\"\(text.prefix(80))\" is not a checkpoint of a job that deletes old versions")
        }
        reached = path
        listed = numbers[0]
        counts = Array(numbers.dropFirst())
    }

    /// This one, with what was done since.
    func adding(_ summary: RetainOperation.Summary, upTo path: PackagePath?) -> RetentionProgress {
        let news = [
            summary.expired, summary.bytes, summary.changed, summary.failed, summary.isComplete ? 0 : 1,
        ]
        var next = self
        next.reached = path
        next.listed.add(stated: summary.listed)
        for (index, count) in news.enumerated() { next.counts[index].add(stated: count) }
        next.counts[4] = min(1, next.counts[4])
        return next
    }

    var text: String {
        ([listed] + counts).map { "\($0)" }.joined(separator: " ") + " \(reached?.text ?? "")"
    }

    var result: [String: Int64] {
        Dictionary(zip(Self.names, counts), uniquingKeysWith: { first, _ in first })
    }
}
