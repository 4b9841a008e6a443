/// What was verified when: for each shard of the digests (the first three hex digits) the time since when every blob
/// in it has been read and hashed at least once.
///
/// A blob that was written later than that was hashed as it came in. So one record of fixed size tells, for any
/// number of blobs, what is the longest unverified.
struct CheckLedger: DocumentBody {
    static let title = "ledger of checks"
    enum CodingKeys: String, CodingKey, CaseIterable { case verified }
    static let key = Key(trusted: "checks/ledger.json")
    static let shardCount = 4_096

    /// By shard, three lower-case hex digits; the time at which the verification began.
    var verified: [String: Timestamp] = [:]

    /// The shard of a blob's digest, from 0.
    static func shard(of digest: Digest) -> Int { Int(digest.leadingBits >> 20) }

    static func name(_ shard: Int) -> String {
        let digits = String(shard, radix: 16)
        return String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// The later time of each shard.
    func merged(_ times: [String: Timestamp]) -> CheckLedger {
        CheckLedger(verified: verified.merging(times) { max($0, $1) })
    }
}

extension CheckLedger {
    /// Adds what was verified to the feed's ledger, whoever else writes there.
    static func add(_ times: [String: Timestamp], to storage: any Storage) async throws(StoreError) {
        if times.isEmpty { return }
        for _ in 0..<8 {
            do throws(StoreError) {
                _ = try await storage.update(key, as: CheckLedger.self) { (ledger) throws(StoreError) in
                    let next = ledger.merged(times)
                    return next == ledger ? nil : next
                }
                return
            } catch  where error.code == .notFound {
                do throws(StoreError) {
                    _ = try await storage.create(key, CheckLedger(verified: times))
                    return
                } catch  where error.code == .preconditionFailed {}
            }
        }
    }
}

/// Which shards a check reads.
struct ShardSelection: Sendable {
    private let selected: Set<Int>?
    private let subset: (part: UInt32, of: UInt32)?

    /// - Parameter bytes: by shard, for a share of the whole.
    init(_ level: ContentLevel, _ ledger: CheckLedger, now: Timestamp, bytes: [Int64]) {
        switch level {
        case .none: (selected, subset) = ([], nil)
        case .all: (selected, subset) = (nil, nil)
        case .subset(let part, let of): (selected, subset) = (nil, (part, of))
        case .unverified(let age):
            let limit = Timestamp(seconds: now.seconds - age.components.seconds)
            selected = Set((0..<CheckLedger.shardCount).filter { ledger.time($0).map { $0 <= limit } ?? true })
            subset = nil
        case .share(let percent):
            selected = Self.oldest(ledger, bytes, percent)
            subset = nil
        }
    }

    private static func oldest(_ ledger: CheckLedger, _ bytes: [Int64], _ percent: Double) -> Set<Int> {
        let goal = Double(bytes.reduce(0, +)) * percent / 100
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

    func contains(_ digest: Digest) -> Bool {
        if let subset { return digest.leadingBits % subset.of == subset.part - 1 }
        return contains(shard: CheckLedger.shard(of: digest))
    }

    /// Whether all of a shard is read.
    func contains(shard: Int) -> Bool { subset == nil && selected?.contains(shard) != false }
}

extension CheckLedger {
    fileprivate func time(_ shard: Int) -> Timestamp? { verified[Self.name(shard)] }
}
