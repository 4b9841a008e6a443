internal import Synchronization

/// Joins the blobs of a feed, folder by folder, with what the records name.
final class BlobCheck: Sendable {
    private let check: FeedCheck
    private let references: References
    private let selection: ShardSelection
    private let quarantined: [Digest: [Key]]
    /// Whether every record was read; else a blob that none names may well be named.
    private let orphansAreKnown: Bool
    /// Told of each first byte of the digests that is done.
    private let reached: @Sendable (UInt8) -> Void
    private let budget = ByteBudget(48 << 20)
    private let began = Timestamp.now
    private let found = Mutex(Found())
    /// Held while the records are read for a part.
    private let sizes = AsyncSemaphore(places: 1)

    private var tally: CheckTally { check.tally }
    private var opened: OpenFeed { check.opened }

    init(
        _ check: FeedCheck, references: References, selection: ShardSelection, quarantined: [Digest: [Key]],
        orphansAreKnown: Bool, reached: @escaping @Sendable (UInt8) -> Void = { _ in }
    ) {
        self.reached = reached
        self.check = check
        self.references = references
        self.selection = selection
        self.quarantined = quarantined
        self.orphansAreKnown = orphansAreKnown
    }

    /// A blob as the listing shows it.
    private struct Blob: Sendable {
        let digest: Digest
        let key: Key
        let size: Int64
        let written: Timestamp
    }

    /// What the listing of the blobs came to.
    private struct Found: Sendable {
        var oldest: Timestamp?
        /// Blobs that no record names, and that were written too long ago to be a publication's on its way.
        var abandoned: Int64 = 0
        /// The first bytes of the digests whose folders could not be read.
        var unlisted: Set<Int> = []
        /// What the records name, read once a part has damaged content.
        var references: References?
    }

    /// When the oldest blob was written; nil where there is none.
    var oldest: Timestamp? { found.withLock { $0.oldest } }

    /// How many blobs no record names, although each is older than any publication takes.
    var abandoned: Int64 { found.withLock { $0.abandoned } }

    func run() async throws(StoreError) {
        let named = try await references.extent(selection.contains)
        let readsNone = check.options.content == .none
        tally.counter.begin(
            readsNone ? "looking at blobs" : "verifying blobs",
            itemsTotal: check.options.part == nil ? named.digests : nil,
            bytesTotal: readsNone || check.options.part != nil ? nil : named.bytes)
        let last = Int(check.options.part?.upperBound ?? .max)
        var bucket = Int(check.options.part?.lowerBound ?? 0)
        var blobs: [Blob] = []
        for try await page in opened.storage.list(FeedLayout.listing(of: check.options.part)) {
            for entry in page {
                guard let blob = try await blob(entry) else { continue }
                let next = blob.digest.bucket
                while bucket < min(next, last + 1) {
                    try await finish(bucket, blobs)
                    blobs.removeAll(keepingCapacity: true)
                    bucket += 1
                }
                if next <= last { blobs.append(blob) }
            }
            if bucket > last { return }
        }
        while bucket <= last {
            try await finish(bucket, blobs)
            blobs.removeAll()
            bucket += 1
        }
    }

    private func blob(_ entry: ListEntry) async throws(StoreError) -> Blob? {
        guard case .key(let key, let listed) = entry else {
            add(oddity: entry)
            return nil
        }
        guard let digest = FeedLayout.digest(ofBlob: key) else {
            if check.options.part == nil { tally.add(unexpected: key, "is not a blob") }
            return nil
        }
        let looked: ObjectInfo? = if let listed { listed } else { try await opened.storage.statObject(key) }
        guard let info = looked else { return nil }
        found.withLock { $0.oldest = [$0.oldest, info.written].compactMap(\.self).min() }
        return Blob(digest: digest, key: key, size: info.size, written: info.written)
    }

    /// What is odd in the folders is told once, by the check of the whole; but a gap in a part is one of that part.
    private func add(oddity entry: ListEntry) {
        guard case .unreadable(let folder, _) = entry else {
            if check.options.part == nil { tally.add(oddity: entry) }
            return
        }
        let unread = buckets(in: folder)
        if let part = check.options.part, !unread.overlaps(Int(part.lowerBound)...Int(part.upperBound)) { return }
        found.withLock { $0.unlisted.formUnion(unread) }
        tally.add(oddity: entry)
    }

    /// Of a folder that could not be read nothing is known: what it holds was not verified.
    private func buckets(in folder: KeyPrefix) -> ClosedRange<Int> {
        let name = folder.text.dropFirst(FeedLayout.blobs.text.count).dropLast()
        return Int(name.prefix(2), radix: 16).map { $0...$0 } ?? 0...(References.bucketCount - 1)
    }

    /// Checks all blobs and references whose digest begins with that byte.
    private func finish(_ bucket: Int, _ blobs: [Blob]) async throws(StoreError) {
        let named = try await references.load(bucket)
        let shards = try shards(bucket, blobs)
        let gaps = Mutex(Gaps())
        try await concurrently(check.options.jobs, pieces(of: blobs, named)) {
            [self] (piece) async throws(StoreError) in
            for blob in piece {
                let shard = shards[CheckLedger.shard(of: blob.digest) & 15]
                do throws(StoreError) {
                    let isSound = try await look(at: blob, shard, named[blob.digest] ?? [])
                    if !isSound { gaps.withLock { _ = $0.damaged.insert(CheckLedger.name(shard.number)) } }
                } catch {
                    if error.code == .cancelled { throw error }
                    gaps.withLock { _ = $0.unread.insert(CheckLedger.name(shard.number)) }
                    tally.incomplete(
                        error.during("check", key: blob.key.text), packages: (named[blob.digest] ?? []).map(\.path))
                }
                tally.counter.add(items: 1)
            }
        }
        let present = Set(blobs.map(\.digest))
        for digest in named.keys.sorted() where !present.contains(digest) {
            try await confirmMissing(digest, named[digest] ?? [])
        }
        for (digest, keys) in quarantined where digest.bucket == bucket {
            addQuarantined(keys, named[digest] ?? [])
        }
        if !found.withLock({ $0.unlisted.contains(bucket) }) { try await note(shards, gaps.withLock { $0 }) }
        if let byte = UInt8(exactly: bucket) { reached(byte) }
    }

    /// The blobs in pieces, of which several are worked on at a time. Where no content is read, a task for each blob
    /// would cost more than the look at it; but one of another size than it should have is read all the same.
    private func pieces(of blobs: [Blob], _ named: [Digest: [Reference]]) -> [[Blob]] {
        if check.options.content != .none { return blobs.map { [$0] } }
        let isOdd = { (blob: Blob) in (named[blob.digest] ?? []).contains { $0.size != blob.size } }
        return [blobs.filter { !isOdd($0) }] + blobs.filter(isOdd).map { [$0] }
    }

    /// - Returns: whether it is not known to be damaged.
    private func look(
        at blob: Blob, _ shard: ShardSelection.Shard, _ named: [Reference]
    ) async throws(StoreError) -> Bool {
        tally.count(blobs: 1, bytes: blob.size)
        let packages = named.map(\.path)
        var isSound = true
        if let wrong = named.first(where: { $0.size != blob.size }) {
            if try await isGood(blob) {
                let key = (try? PackagePath(wrong.path).key.text) ?? wrong.path
                tally.add(
                    .badRecord, key: key, packages: [wrong.path],
                    "the record of \"\(wrong.path)\" states \(wrong.size) bytes, but its content, which is intact, has "
                        + "\(blob.size); publish it again")
            } else {
                isSound = false
                tally.add(
                    .sizeMismatch, key: blob.key.text, packages: packages,
                    "the blob has \(blob.size) bytes instead of \(wrong.size); repair the feed, or publish it again")
            }
        } else if !selection.contains(blob.digest) && !shard.readsNew(blob.written) {
            if shard.isFresh(blob.written) { tally.count(freshBytes: blob.size) }
        } else if try await isGood(blob) {
            tally.count(freshBytes: blob.size)
        } else if try await isCutShort(blob) {
            // The check of the records tells of it.
            isSound = false
        } else {
            isSound = false
            tally.add(
                .corruptBlob, key: blob.key.text, packages: packages,
                "the blob's bytes do not match its digest; repair the feed, which restores a good copy or "
                    + "quarantines the blob, after which publishing it again heals it")
        }
        if named.isEmpty && orphansAreKnown {
            if check.isLeftOver(blob.written) { found.withLock { $0.abandoned += 1 } }
            tally.add(
                .orphanBlob, key: blob.key.text,
                "no record names this blob of \(blob.size) bytes; \"blobtool gc\" frees it")
        }
        return isSound
    }

    /// Whether the check of a part has a damaged blob before it whose records state another size: such a blob is
    /// counted where the records are compared, and once.
    private func isCutShort(_ blob: Blob) async throws(StoreError) -> Bool {
        guard let part = check.options.part else { return false }
        let named = try await sizes.pass { () async throws(StoreError) in
            if let known = found.withLock({ $0.references }) { return known }
            let read = try await check.references(in: part)
            found.withLock { $0.references = read }
            return read
        }
        return try await named.load(blob.digest.bucket)[blob.digest]?.contains { $0.size != blob.size }
            ?? false
    }

    /// Whether the bytes are what the name says; looked at twice before the answer is no.
    /// - Throws: when they cannot be read, which is no answer.
    private func isGood(_ blob: Blob) async throws(StoreError) -> Bool {
        for _ in 0..<2 {
            let found = try await budget.spend(min(max(blob.size, 65_536), 3 << 20)) { () async throws(StoreError) in
                try await read(blob)
            }
            if found == .gone || found == .whole(blob.digest) { return true }
        }
        return false
    }

    private enum Reading: Equatable {
        case whole(Digest)
        /// It ended before its size.
        case torn
        /// It was taken away since it was listed.
        case gone
    }

    private func read(_ blob: Blob) async throws(StoreError) -> Reading {
        do throws(StoreError) {
            return try await opened.storage.readObject(blob.key, range: nil) {
                (content) async throws(StoreError) -> Reading in
                var hasher = try ContentHasher()
                for try await chunk in content.chunks {
                    if Task.isCancelled { throw StoreError(.cancelled, "cancelled while reading a blob") }
                    hasher.update(chunk)
                    tally.count(bytesRead: Int64(chunk.count))
                    tally.counter.add(bytes: Int64(chunk.count))
                }
                return .whole(try hasher.finish().digest)
            }
        } catch  where error.code == .notFound {
            return .gone
        } catch  where error.code == .corrupt && !error.isOfTheWay {
            return .torn
        }
    }

    /// A listing is no snapshot: a blob it did not show is looked for by name, and its records are read again.
    private func confirmMissing(_ digest: Digest, _ named: [Reference]) async throws(StoreError) {
        let wanted = named.filter { $0.kind != .deleted }
        guard let first = wanted.first else { return }
        do throws(StoreError) {
            if try await opened.content.stat(digest) != nil { return }
            if try await isRetired(digest) { return }
            var packages: [String] = []
            for reference in wanted where try await isStillNamed(reference) { packages.append(reference.path) }
            if packages.isEmpty { return }
            let isCurrent = wanted.contains { $0.kind == .current }
            if isCurrent { tally.count(missingBytes: first.size) }
            tally.add(
                .missingBlob, isCurrent ? .error : .warning, key: FeedLayout.blob(digest).text, packages: packages,
                isCurrent
                    ? "the content of \(first.size) bytes is missing; repair the feed, or publish it again"
                    : "the content of a former revision is missing, so that revision cannot be restored")
        } catch {
            if error.code == .cancelled { throw error }
            tally.incomplete(
                error.during("check", key: FeedLayout.blob(digest).text), packages: wanted.map(\.path))
        }
    }

    /// Whether a collector has just taken the blob away, whole as far as this check reads: it comes back.
    private func isRetired(_ digest: Digest) async throws(StoreError) -> Bool {
        for key in try await opened.content.retiredCopies(of: digest) {
            if !selection.contains(digest) { return true }
            do throws(StoreError) {
                if try await opened.content.isGood(key, digest) { return true }
            } catch  where error.code == .notFound {
                return true  // Settled meanwhile.
            }
        }
        return false
    }

    private func isStillNamed(_ reference: Reference) async throws(StoreError) -> Bool {
        guard let record = try await opened.package(PackagePath(reference.path))?.body else { return false }
        return record.deleted == nil && record.references.contains(reference.digest)
    }

    private func addQuarantined(_ keys: [Key], _ named: [Reference]) {
        for key in keys {
            tally.add(
                .quarantined, key: key.text, packages: named.filter { $0.kind == .current }.map(\.path),
                "a damaged blob is kept here for inspection, with the reason in \(key.name).json")
        }
    }
}

extension BlobCheck {
    /// Shards that are not noted as verified.
    private struct Gaps: Sendable {
        /// Something in it could not be read.
        var unread: Set<String> = []
        /// Something in it is damaged: the next check finds it again, however soon it comes.
        var damaged: Set<String> = []
    }

    /// The shards of a bucket, with what there is to do in each.
    private func shards(_ bucket: Int, _ blobs: [Blob]) throws(StoreError) -> [ShardSelection.Shard] {
        let digests = Dictionary(grouping: blobs.map(\.digest), by: CheckLedger.shard(of:))
        var shards: [ShardSelection.Shard] = []
        for number in bucket * 16..<bucket * 16 + 16 {
            shards.append(try selection.shard(number, digests[number] ?? []))
        }
        return shards
    }

    /// Notes the shards of a bucket that were read to their end.
    private func note(_ shards: [ShardSelection.Shard], _ gaps: Gaps) async throws(StoreError) {
        var news = CheckLedger()
        for shard in shards where shard.isWhole || shard.readsNew {
            let name = CheckLedger.name(shard.number)
            if gaps.unread.contains(name) || gaps.damaged.contains(name) { continue }
            news.note(name, isWhole: shard.isWhole, shard.fingerprint, began)
        }
        try await check.notes.add(news, damaged: gaps.damaged)
    }
}
