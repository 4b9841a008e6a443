/// Mends one finding after the other.
struct FeedRepair: Sendable {
    private let visit: FeedVisit
    private let sources: RepairSources
    private let options: RepairOperation.Options

    init(_ visit: FeedVisit, _ sources: RepairSources, _ options: RepairOperation.Options) {
        self.visit = visit
        self.sources = sources
        self.options = options
    }

    /// - Returns: where a good copy came from, nil when there is none; and whether the bad one is in quarantine.
    func mend(_ damage: Damage) async throws(StoreError) -> (source: String?, wasQuarantined: Bool) {
        if !options.isDryRun { try await visit.root.storage.checkLocation() }
        switch damage.kind {
        case .record(let path): return (try await mendRecord(path), false)
        case .missing(let digest): return (try await bringBack(digest), false)
        case .corrupt(let digest): return try await exchange(digest, "its bytes do not have the digest that names it")
        case .unreadable(let digest):
            // Without a good copy at hand it stays: what cannot be read today may be readable tomorrow.
            guard try await find(digest) != nil else { return (nil, false) }
            return try await exchange(digest, "it could not be read")
        }
    }

    /// Stages and verifies a good copy, takes the bad one out of its place, and puts the good one there.
    private func exchange(_ digest: Digest, _ why: String) async throws(StoreError) -> (String?, Bool) {
        if options.isDryRun { return (try await find(digest)?.name, false) }
        for source in sources.all {
            guard let staged = try await stage(digest, from: source) else { continue }
            let place = try await visit.content.quarantine(digest, why: why, by: options.by)
            _ = try await visit.content.secure(staged)
            return (source.name, place != nil)
        }
        // A damaged blob serves nobody: reading it fails either way, and an upload heals what is absent.
        let place = try await visit.content.quarantine(digest, why: why, by: options.by)
        return (nil, place != nil)
    }

    private func bringBack(_ digest: Digest) async throws(StoreError) -> String? {
        if options.isDryRun { return try await find(digest)?.name }
        for key in try await visit.content.retiredCopies(of: digest) where try await visit.content.isGood(key, digest) {
            if try await bringBack(digest, from: key) { return visit.root.url.description }
        }
        for source in sources.all {
            guard let staged = try await stage(digest, from: source) else { continue }
            _ = try await visit.content.secure(staged)
            return source.name
        }
        return nil
    }

    /// - Returns: false when a collector settled the retired copy meanwhile.
    private func bringBack(_ digest: Digest, from retired: Key) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            _ = try await visit.storage.copyObject(from: visit.storage, retired, to: FeedLayout.blob(digest))
            return true
        } catch  where error.code == .notFound {
            return false
        }
    }

    /// A verified copy from a source; nil when it has none that is good.
    private func stage(_ digest: Digest, from source: RepairSources.Source) async throws(StoreError) -> StagedContent? {
        let content = ContentStore(source.storage)
        do throws(StoreError) {
            guard let info = try await content.stat(digest) else { return nil }
            var staged: StagedContent?
            try await content.read(digest, size: info.size) { (content) async throws(StoreError) in
                staged = try await visit.content.stage(content.chunks, expecting: digest)
            }
            return staged.take()
        } catch {
            // Only a source's own failure is passed over.
            if error.isOfDestination(visit.storage.address) || error.code == .cancelled { throw error }
            return nil
        }
    }

    private func find(_ digest: Digest) async throws(StoreError) -> RepairSources.Source? {
        for source in sources.all where try await ContentStore(source.storage).isPresentAndGood(digest) {
            return source
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
            if try await visit.heal(record, by: options.by) { return source.name }
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
    /// Whether a blob is there, can be read, and has its digest.
    fileprivate func isPresentAndGood(_ digest: Digest) async throws(StoreError) -> Bool {
        do { return try await isGood(FeedLayout.blob(digest), digest) } catch  where error.code == .notFound {
            return false
        }
    }
}
