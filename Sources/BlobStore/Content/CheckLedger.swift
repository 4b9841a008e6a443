internal import BlobCrypto

/// What was verified when: for each shard of the digests (the first three hex digits) the time since when every blob
/// in it has been read and hashed at least once, and which blobs those were.
///
/// So one record of bounded size tells, for any number of blobs, what is the longest unverified and what is new. It
/// only says what to read first: whatever it does not tell is taken for not verified.
struct CheckLedger: DocumentBody {
    static let title = "ledger of checks"
    enum CodingKeys: String, CodingKey, CaseIterable { case verified, followed, digests }
    static let key = Key(trusted: "checks/ledger.json")
    static let shardCount = 4_096

    /// By shard, three lower-case hex digits; the time at which the verification began.
    var verified: [String: Timestamp] = [:]
    /// By shard: when a later check began that read what was new; left out where none has.
    var followed: [String: Timestamp]?
    /// By shard: the ``fingerprint(_:)`` of the blobs that were verified by then.
    var digests: [String: String]?

    /// The shard of a blob's digest, from 0.
    static func shard(of digest: Digest) -> Int { Int(digest.leadingBits >> 20) }

    static func name(_ shard: Int) -> String { Hex.text(shard, count: 3) }

    /// Tells one set of blobs from another, so that what is new is known without comparing clocks.
    /// - Parameter digests: in order.
    static func fingerprint(_ digests: [Digest]) throws(StoreError) -> String {
        if digests.isEmpty { return "" }
        return String(try Digest(of: digests.flatMap { Array($0.hex.utf8) }).hex.prefix(16))
    }

    /// Since when all of a shard has been read at least once; nil when it never was.
    func time(_ shard: Int) -> Timestamp? { verified[Self.name(shard)] }

    /// When the last check began that read what was new in a shard; nil when none has.
    func end(_ shard: Int) -> Timestamp? { end(Self.name(shard)) }

    private func end(_ name: String) -> Timestamp? {
        [verified[name], followed?[name]].compactMap { $0 }.max()
    }
}

extension CheckLedger {
    /// Clocks of the machines that check may differ by that.
    static let slackSeconds: Int64 = 300

    /// What was verified within that time is fresh, where nobody asks for another.
    static let freshSeconds: Int64 = 30 * 86_400

    /// Without the shards of a time that has not come yet: whoever noted it had a wrong clock, and it proves nothing.
    func known(by now: Timestamp) -> CheckLedger {
        let future = Set(verified.keys).union((followed ?? [:]).keys).filter { name in
            (end(name)?.seconds ?? 0) > now.seconds + Self.slackSeconds
        }
        return without(future)
    }

    /// When a blob was last read, if that is not long ago; nil when it is not known to have been.
    /// - Parameter info: as the storage tells of it now, since what was written later was not read then.
    func freshTime(of digest: Digest, _ info: ObjectInfo, now: Timestamp = .now) -> Timestamp? {
        guard let time = known(by: now).time(Self.shard(of: digest)) else { return nil }
        let isFresh = time.seconds > now.seconds - Self.freshSeconds
        return isFresh && info.written.seconds < time.seconds - Self.slackSeconds ? time : nil
    }

    /// Notes that all of a shard was read, or all that was new in it.
    mutating func note(_ name: String, isWhole: Bool, _ fingerprint: String, _ time: Timestamp) {
        if isWhole { verified[name] = time } else { followed = (followed ?? [:]).merging([name: time]) { $1 } }
        digests = (digests ?? [:]).merging([name: fingerprint]) { $1 }
    }

    /// With what another check has verified, and without the shards in which it found damage.
    func merged(_ news: CheckLedger, without damaged: Set<String> = []) -> CheckLedger {
        var next = without(damaged)
        var (followed, digests) = (next.followed ?? [:], next.digests ?? [:])
        for name in Set(news.verified.keys).union((news.followed ?? [:]).keys) {
            if (news.end(name)?.seconds ?? .min) >= (next.end(name)?.seconds ?? .min) {
                digests[name] = news.digests?[name]
            }
            next.verified[name] = [next.verified[name], news.verified[name]].compactMap { $0 }.max()
            let end = [followed[name], news.followed?[name]].compactMap { $0 }.max()
            followed[name] = end.flatMap { end in next.verified[name].map { end <= $0 } == true ? nil : end }
        }
        next.followed = followed.isEmpty ? nil : followed
        next.digests = digests.isEmpty ? nil : digests
        return next
    }

    private func without(_ names: Set<String>) -> CheckLedger {
        if names.isEmpty { return self }
        return CheckLedger(
            verified: verified.filter { !names.contains($0.key) },
            followed: followed?.filter { !names.contains($0.key) },
            digests: digests?.filter { !names.contains($0.key) })
    }
}

extension ObjectInfo {
    /// When it was written or refreshed, as far as this machine's clock is right.
    var written: Timestamp { Timestamp(seconds: Timestamp.now.seconds - age.components.seconds) }
}
