/// Counts what a feed holds, without reading it.
struct FeedSurvey: Sendable {
    let visit: FeedVisit
    let tally: CheckTally

    init(_ visit: FeedVisit, _ tally: CheckTally) {
        self.visit = visit
        self.tally = tally
    }

    /// Which blobs a check with that level reads.
    /// - Returns: also why the ledger cannot be understood, which is then taken for empty.
    func selection(_ level: ContentLevel) async throws(StoreError) -> (ShardSelection, flaw: StoreError?) {
        let (ledger, flaw) = try await CheckLedger.read(visit.storage)
        var bytes: [Int64] = []
        if case .share = level { bytes = try await bytesByShard() }
        return (ShardSelection(level, ledger, now: .now, bytes: bytes), flaw)
    }

    private func bytesByShard() async throws(StoreError) -> [Int64] {
        var bytes = [Int64](repeating: 0, count: CheckLedger.shardCount)
        try await shards { shard, blobs in bytes[shard] = blobs.reduce(0) { $0 + $1.info.size } }
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
        let selection = try await selection(level).0
        var reads: Int64 = 0
        try await shards { (number, blobs) throws(StoreError) in
            let shard = try selection.shard(number, blobs.map(\.digest))
            plan.blobs += Int64(blobs.count)
            for (digest, info) in blobs where selection.contains(digest) || shard.readsNew(info.written) {
                plan.bytes += info.size
                reads += 1
            }
        }
        plan.requests = plan.packages / 1_000 + plan.blobs / 1_000 + 8 + plan.packages + reads
        tally.count(packages: plan.packages, blobs: plan.blobs)
        return plan
    }

    /// Calls `body` with the blobs of each shard that has any.
    private func shards(
        _ body: (Int, [(digest: Digest, info: ObjectInfo)]) throws(StoreError) -> Void
    ) async throws(StoreError) {
        var blobs: [(digest: Digest, info: ObjectInfo)] = []
        var shard = 0
        for try await page in visit.storage.list(ListRequest(FeedLayout.blobs, wantsDetails: true)) {
            for case .key(let key, let info?) in page {
                guard let digest = FeedLayout.digest(ofBlob: key) else { continue }
                if CheckLedger.shard(of: digest) != shard {
                    if !blobs.isEmpty { try body(shard, blobs) }
                    blobs.removeAll(keepingCapacity: true)
                    shard = CheckLedger.shard(of: digest)
                }
                blobs.append((digest, info))
            }
        }
        if !blobs.isEmpty { try body(shard, blobs) }
    }
}

extension ObjectInfo {
    /// When it was written or refreshed, as far as this machine's clock is right.
    var written: Timestamp { Timestamp(seconds: Timestamp.now.seconds - age.components.seconds) }
}
