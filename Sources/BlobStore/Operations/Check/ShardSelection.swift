/// Which blobs a check reads, and which were read not long ago.
struct ShardSelection: Sendable {
    /// Nil for all.
    private let selected: Set<Int>?
    private let subset: (part: UInt32, of: UInt32)?
    /// Whether what is new in a shard is read although the rest of it is not.
    private let readsNew: Bool
    private let ledger: CheckLedger
    /// What was verified after that is fresh.
    private let limit: Timestamp

    /// - Parameter bytes: by shard, for a share of the whole.
    init(_ level: ContentLevel, _ ledger: CheckLedger, now: Timestamp, bytes: [Int64]) {
        let limit = Timestamp(seconds: now.seconds - level.freshness.components.seconds)
        self.ledger = ledger
        self.limit = limit
        subset = if case .subset(let part, let of) = level { (part, of) } else { nil }
        readsNew = if case .unverified = level { true } else { false }
        selected =
            switch level {
            case .none, .subset: []
            case .all: nil
            case .unverified:
                Set((0..<CheckLedger.shardCount).filter { ledger.time($0).map { $0 <= limit } ?? true })
            case .share(let percent): Self.oldest(ledger, bytes: bytes, percent: percent)
            case .due(let within, let every):
                Self.overdue(ledger, at: now, within, every).union(
                    Self.oldest(ledger, bytes: bytes, percent: 100 * min(1, every.inSeconds / within.inSeconds)))
            }
    }

    /// What would have been verified too long ago before the next check, which may come a quarter late.
    private static func overdue(
        _ ledger: CheckLedger, at now: Timestamp, _ within: Duration, _ every: Duration
    ) -> Set<Int> {
        let age = max(.zero, within - every * 1.25).components.seconds
        return Set(
            (0..<CheckLedger.shardCount).filter { ledger.time($0).map { $0.seconds <= now.seconds - age } ?? false })
    }

    private static func oldest(_ ledger: CheckLedger, bytes: [Int64], percent: Double) -> Set<Int> {
        let goal = bytes.reduce(0.0) { $0 + Double($1) } * percent / 100
        let order = bytes.indices.filter { bytes[$0] > 0 }.sorted {
            (ledger.time($0)?.seconds ?? .min, $0) < (ledger.time($1)?.seconds ?? .min, $1)
        }
        var chosen: Set<Int> = []
        var sum = 0.0
        for shard in order where sum < goal {
            chosen.insert(shard)
            sum += Double(bytes[shard])
        }
        return chosen
    }

    /// Whether a blob is read whatever is new in its shard.
    func contains(_ digest: Digest) -> Bool {
        if let subset { return digest.leadingBits % subset.of == subset.part - 1 }
        return contains(shard: CheckLedger.shard(of: digest))
    }

    private func contains(shard: Int) -> Bool { selected?.contains(shard) != false }

    /// What there is to do in a shard that holds these blobs.
    func shard(_ number: Int, _ digests: [Digest]) throws(StoreError) -> Shard {
        let fingerprint = try CheckLedger.fingerprint(digests)
        let isUnchanged = ledger.digests?[CheckLedger.name(number)] == fingerprint
        let end = ledger.end(number).map { Timestamp(seconds: $0.seconds - CheckLedger.slackSeconds) }
        return Shard(
            number: number, fingerprint: fingerprint, isWhole: contains(shard: number),
            readsNew: readsNew && !isUnchanged,
            isFresh: ledger.time(number).map { $0 > limit } ?? false,
            // Its blobs are the very ones that were verified; else what is newer than that check is new.
            knownUntil: isUnchanged ? Timestamp(seconds: .max) : end)
    }

    /// One shard of the digests, as a check finds it.
    struct Shard: Sendable {
        let number: Int
        let fingerprint: String
        /// Whether all of it is read.
        let isWhole: Bool
        /// Whether all that is new in it is read.
        let readsNew: Bool
        /// Whether what is not new in it was verified not long ago.
        let isFresh: Bool
        /// What was written up to then is not new; nil when all is.
        fileprivate let knownUntil: Timestamp?

        private func isNew(_ written: Timestamp) -> Bool { knownUntil.map { written > $0 } ?? true }

        /// Whether a blob is read for being new.
        func readsNew(_ written: Timestamp) -> Bool { readsNew && isNew(written) }

        /// Whether a blob that this check does not read was verified not long ago.
        func isFresh(_ written: Timestamp) -> Bool { isFresh && !isNew(written) }
    }
}

extension ContentLevel {
    /// What was verified within that time is fresh.
    package var freshness: Duration {
        switch self {
        case .unverified(let age), .due(let age, _): age
        case .none, .all, .share, .subset: .seconds(CheckLedger.freshSeconds)
        }
    }
}
