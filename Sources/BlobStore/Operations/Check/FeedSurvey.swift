/// Counts what a feed holds, without reading it.
struct FeedSurvey: Sendable {
    let opened: OpenFeed
    let tally: CheckTally
    /// The first bytes of the digests that are looked at; nil for all.
    let part: ClosedRange<UInt8>?

    init(_ opened: OpenFeed, _ tally: CheckTally, part: ClosedRange<UInt8>? = nil) {
        self.part = part
        self.opened = opened
        self.tally = tally
    }

    /// Which blobs a check with that level reads.
    /// - Returns: also why the ledger cannot be read or understood, and is taken for empty.
    func selection(_ level: ContentLevel) async throws(StoreError) -> (ShardSelection, flaw: StoreError?) {
        let (ledger, flaw) = try await CheckLedger.read(opened.storage)
        var bytes: [Int64] = []
        switch level {
        case .share, .due: bytes = try await bytesByShard()
        case .none, .all, .subset, .unverified: break
        }
        return (ShardSelection(level, ledger, now: .now, bytes: bytes), flaw)
    }

    private func bytesByShard() async throws(StoreError) -> [Int64] {
        var bytes = [Int64](repeating: 0, count: CheckLedger.shardCount)
        try await shards(passesUnreadable: true) { shard, blobs in
            bytes[shard] = blobs.reduce(into: 0) { $0.add(stated: $1.info.size) }
        }
        return bytes
    }

    /// What a check with that level takes.
    func plan(_ level: ContentLevel) async throws(StoreError) -> CheckOperation.Plan {
        var plan = CheckOperation.Plan()
        tally.counter.begin("counting")
        for try await page in opened.storage.list(ListRequest(FeedLayout.packages)) {
            plan.packages += Int64(page.count)
            tally.counter.add(items: Int64(page.count))
        }
        let selection = try await selection(level).0
        var reads: Int64 = 0
        try await shards { (number, blobs) throws(StoreError) in
            let shard = try selection.shard(number, blobs.map(\.digest))
            plan.blobs += Int64(blobs.count)
            for (digest, info) in blobs where selection.contains(digest) || shard.readsNew(info.written) {
                plan.bytes.add(stated: info.size)
                reads += 1
            }
        }
        plan.requests = plan.packages / 1_000 + plan.blobs / 1_000 + 8 + plan.packages + reads
        tally.count(packages: plan.packages, blobs: plan.blobs)
        return plan
    }

    /// Calls `body` with the blobs of each shard that has any.
    /// - Parameter passesUnreadable: whether a folder that cannot be read is passed by, of which the check will tell.
    private func shards(
        passesUnreadable: Bool = false,
        _ body: (Int, [(digest: Digest, info: ObjectInfo)]) throws(StoreError) -> Void
    ) async throws(StoreError) {
        var blobs: [(digest: Digest, info: ObjectInfo)] = []
        var shard = 0
        let request = FeedLayout.listing(of: part, passesUnreadable: passesUnreadable)
        let last = part.map { Int($0.upperBound) << 4 | 15 } ?? .max
        pages: for try await page in opened.storage.list(request) {
            for case .key(let key, let info?) in page {
                guard let digest = FeedLayout.digest(ofBlob: key) else { continue }
                if CheckLedger.shard(of: digest) > last { break pages }
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
