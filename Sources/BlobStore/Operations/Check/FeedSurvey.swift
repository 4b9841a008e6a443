/// Counts what a feed holds, without reading it.
struct FeedSurvey: Sendable {
    let visit: FeedVisit
    let tally: CheckTally

    init(_ visit: FeedVisit, _ tally: CheckTally) {
        self.visit = visit
        self.tally = tally
    }

    /// Bytes of content by shard of the ledger.
    func bytesByShard() async throws(StoreError) -> [Int64] {
        var bytes = [Int64](repeating: 0, count: CheckLedger.shardCount)
        try await blobs { digest, size in bytes[CheckLedger.shard(of: digest)] += size }
        return bytes
    }

    /// What a check with that level takes.
    func plan(_ level: ContentLevel) async throws(StoreError) -> CheckOperation.Plan {
        var plan = CheckOperation.Plan()
        tally.counter.begin("counting")
        for try await page in visit.storage.list(ListRequest(FeedLayout.packages)) {
            plan.packages += Int64(page.count)
            tally.counter.add(items: Int64(page.count))
        }
        let ledger = try await visit.storage.document(CheckLedger.key, as: CheckLedger.self)?.body ?? CheckLedger()
        let selection = ShardSelection(level, ledger, now: .now, bytes: try await bytesByShard())
        var reads: Int64 = 0
        try await blobs { digest, size in
            plan.blobs += 1
            guard selection.contains(digest) else { return }
            plan.bytes += size
            reads += 1
        }
        plan.requests = plan.packages / 1_000 + plan.blobs / 1_000 + 8 + plan.packages + reads
        tally.count(packages: plan.packages, blobs: plan.blobs)
        return plan
    }

    private func blobs(_ body: (Digest, Int64) -> Void) async throws(StoreError) {
        for try await page in visit.storage.list(ListRequest(FeedLayout.blobs, wantsDetails: true)) {
            for case .key(let key, let info?) in page {
                if let digest = FeedLayout.digest(ofBlob: key) { body(digest, info.size) }
            }
        }
    }
}
