/// Collects garbage: kind `gc`, one shard a feed.
///
/// Arguments: `feed`, for one feed alone; `delete`: `yes` to free anything, else it only counts; `percent`: the largest
/// share of all blobs or bytes that may go, 20 where nothing is said; `rule`: `yes` where a feed's rule asked for it.
/// Collecting is safe whatever else goes on, so a shard that is begun twice does no harm.
public struct CollectRunner: JobRunner {
    private let store: PackageStore

    /// Collects feeds of that store.
    public init(_ store: PackageStore) { self.store = store }

    public var kind: String { "gc" }

    /// What a collection that a person asks for needs to know.
    /// - Parameters:
    ///   - feed: nil for all feeds.
    ///   - deletes: whether to free anything.
    ///   - maximumPercent: the largest share of all blobs or bytes that may go.
    public static func arguments(
        _ feed: FeedName?, deletes: Bool, maximumPercent: Double = 20
    ) -> [String: String] {
        var arguments = ["delete": deletes ? "yes" : "no", "percent": "\(maximumPercent)"]
        arguments["feed"] = feed?.text
        return arguments
    }

    /// What a collection by a feed's rule needs to know. The largest share is the usual one: more goes only when a
    /// person has looked, and says so.
    static func ruled(_ feed: FeedName) -> [String: String] { ["feed": feed.text, "delete": "yes", "rule": "yes"] }

    public func shards(_ arguments: [String: String]) async throws(StoreError) -> [String] {
        _ = try options(arguments)
        return try await store.feedNames(arguments)
    }

    /// - Returns: `candidates`, `bytes`, `retired`, `deleted`, `failed`, `restored`; `skipped`, 1 where the feed's rule
    ///   was taken back meanwhile.
    /// - Throws: `invalidArgument` beyond the largest share; what collecting throws.
    public func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64] {
        let options = try options(shard.arguments)
        let feed = try await store.feed(shard.name)
        if shard.arguments["rule"] == "yes", try await !feed.record().isCollected { return ["skipped": 1] }
        let summary = try await CollectOperation(feed, options) { event in
            switch event {
            case .progress(let progress): shard.note(progress)
            case .failed(let key, let error): shard.remark("\(key): \(error.message)")
            case .garbage: break
            }
        }.run()
        return [
            "candidates": summary.candidates, "bytes": summary.bytes, "retired": summary.retired,
            "deleted": summary.deleted, "failed": summary.failed, "restored": summary.restored,
        ]
    }

    private func options(_ arguments: [String: String]) throws(StoreError) -> CollectOperation.Options {
        let text = arguments["percent"] ?? "20"
        guard let percent = Double(text), (0...100).contains(percent) else {
            throw StoreError(.invalidArgument, "\"\(text.prefix(40))\" is not a share of all blobs in percent")
        }
        return CollectOperation.Options(deletes: arguments["delete"] == "yes", maximumPercent: percent)
    }
}
