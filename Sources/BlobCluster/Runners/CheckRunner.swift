/// Checks feeds: kind `check`.
///
/// Of each feed one shard compares the records with the blobs (`npm/records`), and sixteen read content, a part of the
/// digests each (`npm/00-0f`), so that many nodes share one feed. A part that another node left off is resumed behind
/// the last first byte that was done. What was verified is noted in the feed's ledger.
///
/// Content that was cut short is counted with the records. So a part that finds damaged content reads the records once,
/// to tell the two apart.
///
/// Arguments: ``arguments(_:_:)`` makes them.
public struct CheckRunner: JobRunner {
    private static let partCount = 16
    private let store: PackageStore

    /// Checks feeds of that store.
    public init(_ store: PackageStore) { self.store = store }

    public var kind: String { "check" }

    public func shards(_ arguments: [String: String]) async throws(StoreError) -> [String] {
        let content = try ContentLevel(arguments: arguments)
        let feeds = try await store.feedNames(arguments)
        var parts = content == .none ? 0 : Self.partCount
        while parts > 1, feeds.count * (parts + 1) > JobRecord.maximumShards { parts /= 2 }
        return feeds.flatMap { feed in
            [CheckPart(feed, nil).name] + (0..<parts).map { CheckPart(feed, Self.part($0, of: parts)).name }
        }
    }

    private static func part(_ number: Int, of count: Int) -> ClosedRange<UInt8> {
        let size = 256 / count
        return UInt8(clamping: number * size)...UInt8(clamping: (number + 1) * size - 1)
    }

    /// - Returns: `packages`, `blobs`, `bytes` and `freshBytes` of a feed's records; `bytesRead` of a part of its
    ///   content; of both `errors`, `warnings`, and `incomplete`, which is 1 where something could not be looked at.
    public func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64] {
        let content = try ContentLevel(arguments: shard.arguments)
        let part = try CheckPart(shard.name)
        guard let bytes = part.bytes else { return try await checkRecords(of: part.feed, shard) }
        return try await read(bytes, of: part.feed, content, shard)
    }

    private func checkRecords(of feed: String, _ shard: JobShard) async throws(StoreError) -> [String: Int64] {
        let summary = try await CheckOperation(store, feeds: [FeedName(feed)], .init()) { event in
            if case .progress(_, let progress) = event { shard.note(progress) }
            shard.remark(event)
        }.run()
        return [
            "packages": summary.packages, "blobs": summary.blobs, "bytes": summary.bytes,
            "freshBytes": summary.freshBytes, "errors": summary.errors, "warnings": summary.warnings,
            "incomplete": summary.complete ? 0 : 1,
        ]
    }

    private func read(
        _ part: ClosedRange<UInt8>, of feed: String, _ content: ContentLevel, _ shard: JobShard
    ) async throws(StoreError) -> [String: Int64] {
        let former =
            try shard.checkpoint.map { (text) throws(StoreError) in try CheckProgress(text) } ?? CheckProgress()
        let first = former.reached.map { Int($0) + 1 } ?? Int(part.lowerBound)
        guard let rest = UInt8(exactly: first), rest <= part.upperBound else { return former.result }
        let options = CheckOperation.Options(content: content, part: rest...part.upperBound)
        let summary = try await CheckOperation(store, feeds: [FeedName(feed)], options) { event in
            if case .reached(_, let byte, let summary) = event {
                let done = Int64(byte) - Int64(part.lowerBound) + 1
                let progress = JobRecord.Progress(done: done, total: Int64(part.count))
                shard.note(progress, checkpoint: former.adding(summary, upTo: byte).text)
            }
            shard.remark(event)
        }.run()
        return former.adding(summary, upTo: part.upperBound).result
    }
}

extension JobShard {
    /// Notes the first thing that a check found wrong.
    fileprivate func remark(_ event: CheckOperation.Event) {
        switch event {
        case .finding(let finding) where finding.severity == .error:
            remark("\(finding.kind.rawValue) \(finding.key): \(finding.message)")
        case .incomplete(_, let error, _): remark(error.message)
        default: break
        }
    }

    /// Passes an operation's progress on.
    func note(_ progress: WorkProgress) {
        note(JobRecord.Progress(done: progress.items, total: progress.itemsTotal))
    }
}

extension PackageStore {
    /// The feed that the arguments name, else all feeds.
    func feedNames(_ arguments: [String: String]) async throws(StoreError) -> [String] {
        if let name = arguments["feed"] { return [try await feed(name).name.text] }
        return try await feeds().flattened().map(\.text)
    }
}
