/// Mends one finding after the other.
struct FeedRepair: Sendable {
    private let opened: OpenFeed
    private let sources: RepairSources
    private let options: RepairOperation.Options

    init(_ opened: OpenFeed, sources: RepairSources, _ options: RepairOperation.Options) {
        self.opened = opened
        self.sources = sources
        self.options = options
    }

    /// - Returns: where a good copy came from, nil when there is none; and whether the bad one is in quarantine.
    func mend(_ damage: Damage) async throws(StoreError) -> (source: String?, wasQuarantined: Bool) {
        if !options.isDryRun { try await opened.root.storage.checkLocation() }
        switch damage.kind {
        case .record(let path): return (try await mendRecord(path), false)
        case .missing(let digest): return (try await bringBack(digest), false)
        case .corrupt(let digest): return try await exchange(digest, "its bytes do not match its digest")
        case .unreadable(let digest):
            // Without a good copy at hand it stays: what cannot be read today may be readable tomorrow.
            guard try await find(digest) != nil else { return (nil, false) }
            return try await exchange(digest, "it could not be read")
        }
    }

    /// Stages and verifies a good copy, takes the bad one out of its place, and puts the good one there.
    private func exchange(_ digest: Digest, _ why: String) async throws(StoreError) -> (String?, Bool) {
        if options.isDryRun { return (try await find(digest), false) }
        guard let copy = try await goodCopy(digest) else {
            // A damaged blob serves nobody: reading it fails either way, and an upload heals what is absent.
            let place = try await opened.content.quarantine(digest, why: why, by: options.by)
            return (nil, place != nil)
        }
        let place: Key?
        do { place = try await opened.content.quarantine(digest, why: why, by: options.by) } catch {
            if error.code == .cancelled || error.code == .wrongRoot { throw error }
            throw try await replacedBeside(copy, error)
        }
        let origin = copy.origin
        try await opened.content.putBack(copy.staged)
        return (origin, place != nil)
    }

    /// What cannot be moved keeps its name, which is the content's only place; a copy beside it is found by readers.
    private func replacedBeside(_ copy: borrowing GoodCopy, _ cause: StoreError) async throws(StoreError) -> StoreError
    {
        let digest = copy.staged.summary.digest
        var place = copy.origin
        if !copy.isBeside { place = try await opened.content.putBeside(copy.staged).text }
        return StoreError(
            cause.code,
            "the damaged blob of \(digest) cannot be moved (\(cause.message)); a good copy is beside it as \(place); "
                + "make sure that the damaged one can be moved, and repair again", cause: cause.cause
        ).during("repair", key: FeedLayout.blob(digest).text)
    }

    private func bringBack(_ digest: Digest) async throws(StoreError) -> String? {
        if options.isDryRun { return try await find(digest) }
        guard let copy = try await goodCopy(digest) else { return nil }
        let origin = copy.origin
        try await opened.content.putBack(copy.staged)
        return origin
    }

    /// Content that was read whole and verified, and where it came from.
    private struct GoodCopy: ~Copyable {
        let origin: String
        let staged: StagedContent
        /// Whether it stands where readers find it beside a damaged blob.
        var isBeside = false
    }

    /// A verified copy: what was set aside in this very root comes first, since a collector or a repair that died may
    /// have left it there.
    private func goodCopy(_ digest: Digest) async throws(StoreError) -> GoodCopy? {
        for key in try await opened.content.copiesAside(of: digest)
        where try await opened.content.isPresentAndGood(key, digest) {
            guard let staged = try await stage(digest, key, from: opened.storage) else { continue }
            return GoodCopy(origin: key.text, staged: staged, isBeside: FeedLayout.retired.contains(key))
        }
        for source in sources.all {
            guard let staged = try await stage(digest, FeedLayout.blob(digest), from: source.storage) else { continue }
            return GoodCopy(origin: source.name, staged: staged)
        }
        return nil
    }

    /// A verified copy of an object; nil when it is absent or bad.
    private func stage(
        _ digest: Digest, _ key: Key, from storage: any Storage
    ) async throws(StoreError) -> StagedContent? {
        do throws(StoreError) {
            return try await storage.readObject(key, range: nil) { (content) async throws(StoreError) in
                try await opened.content.stage(content.chunks, expecting: digest)
            }
        } catch {
            // Only a source's own failure is passed over.
            if error.code == .digestMismatch || error.code == .notFound { return nil }
            if error.isOfDestination(opened.storage.address) || error.code == .cancelled { throw error }
            return nil
        }
    }

    /// Where a good copy is; nil when none was found.
    private func find(_ digest: Digest) async throws(StoreError) -> String? {
        for key in try await opened.content.copiesAside(of: digest)
        where try await opened.content.isPresentAndGood(key, digest) {
            return key.text
        }
        let blob = FeedLayout.blob(digest)
        for source in sources.all where try await ContentStore(source.storage).isPresentAndGood(blob, digest) {
            return source.name
        }
        return nil
    }

    /// Takes a record from a root that holds this feed.
    private func mendRecord(_ path: PackagePath) async throws(StoreError) -> String? {
        for source in sources.all where source.isSameFeed {
            let stored: Stored<PackageRecord>?
            do { stored = try await source.storage.document(path.key) } catch  where error.code == .corrupt { continue }
            guard let record = stored?.body, record.path == path else { continue }
            if options.isDryRun { return source.name }
            if try await opened.heal(record, by: options.by) != nil { return source.name }
        }
        return nil
    }
}

extension StoreError {
    /// Whether the storage that failed is the one at that address.
    fileprivate func isOfDestination(_ address: String) -> Bool {
        root == address || code == .outOfSpace || code == .readOnly
    }
}

extension ContentStore {
    /// Whether an object is there, can be read, and has that digest.
    fileprivate func isPresentAndGood(_ key: Key, _ digest: Digest) async throws(StoreError) -> Bool {
        do { return try await isGood(key, digest) } catch  where error.code == .notFound {
            return false
        }
    }
}
