internal import Synchronization

/// Collecting where objects do not move atomically, as on S3: each blob has a marker that changes by compare-and-swap.
///
/// Candidates are condemned; then the gate is opened, from the version that was read before; then the records are
/// listed again, so that whoever published before that is seen; then what is still unnamed and old is removed behind a
/// fence. A publisher that saw the gate change swaps a condemned marker back before it looks at the blob once more; so
/// the swap to `deleting` fails for a collector that was slower. The removal is prepared, and dated, before that swap:
/// once others may settle the marker no removal can take effect any more. The gate becomes idle when no marker of this
/// collection is left; otherwise the next one takes it over, and settles every marker first.
extension FeedCollection {
    func collectByCondemning() async throws(StoreError) {
        var idle: CollectionGate?
        if options.deletes {
            try await expectFence()
            idle = try await idleGate()
        }
        let named = try await references()
        let garbage = try await refuseBeyondCap(named)
        guard options.deletes, let idle else { return }
        let (all, meetsOthers) = try await condemn(named, garbage)
        if all.isEmpty && !meetsOthers { return }
        guard let held = try await gate.swap(idle, to: .active) else {
            throw StoreError(
                .unavailable,
                "the feed \"\(opened.feed.name)\" was moved, or another collection or a repair began there; try again",
                isRetryable: true)
        }
        // From here on nothing more is condemned.
        let namedSince = try await names(of: all.map(\.blob.digest))
        counter.begin("removing", itemsTotal: Int64(all.count))
        let unsettled = Mutex(meetsOthers)
        try await concurrently(options.jobs, all) { [self] (condemned) async throws(StoreError) in
            let isSettled =
                if namedSince.contains(condemned.blob.digest) { try await spare(condemned) } else {
                    try await remove(condemned)
                }
            if !isSettled { unsettled.withLock { $0 = true } }
            counter.add(items: 1)
        }
        if !unsettled.withLock({ $0 }) { _ = try await gate.swap(held, to: .idle) }
    }

    private var gate: FeedGate { FeedGate(opened) }

    /// Says of each candidate that it is to be removed.
    /// - Returns: what was condemned, and whether others may be removing some of the rest.
    private func condemn(
        _ named: References, _ garbage: Int64
    ) async throws(StoreError) -> (condemned: [Condemned], meetsOthers: Bool) {
        counter.begin("condemning garbage", itemsTotal: min(garbage, Int64(Self.maximumCondemned)))
        let found = Mutex<(condemned: [Condemned], meetsOthers: Bool)>(([], false))
        try await eachUnnamed(named) { [self] (blob) async throws(StoreError) in
            guard found.withLock({ $0.condemned.count < Self.maximumCondemned }) else { return }
            guard let marker = try await opened.content.condemn(blob.digest) else {
                return found.withLock { $0.meetsOthers = true }
            }
            found.withLock { $0.condemned.append(Condemned(blob: blob, marker: marker)) }
            counter.add(items: 1)
        }
        return found.withLock { $0 }
    }

    /// Without a fence a collector that was paused would remove what was published since.
    private func expectFence() async throws(StoreError) {
        guard let place = try await storage.capability((any FencedRemovals).self, at: FeedLayout.marker) else {
            throw StoreError(.unsupported, "\(opened.root.url) can neither move blobs nor fence their removal")
        }
        try await place.storage.expectFence()
    }

    /// A blob with the marker that condemns it.
    private struct Condemned: Sendable {
        let blob: Blob
        let marker: Stored<CollectionMarker>
    }

    /// So many blobs are removed in one run; the next goes on.
    private static var maximumCondemned: Int { 100_000 }

    /// Which of the digests records name, by a listing that begins now.
    private func names(of digests: [Digest]) async throws(StoreError) -> Set<Digest> {
        let wanted = Set(digests)
        let references = try await references(condemned: wanted)
        var named: Set<Digest> = []
        for bucket in Set(wanted.map { $0.bucket }) {
            named.formUnion(try await references.load(bucket).keys)
        }
        return named.intersection(wanted)
    }

    /// Lets a blob go that is wanted.
    /// - Returns: true, since its marker is this collection's no longer.
    private func spare(_ condemned: Condemned) async throws(StoreError) -> Bool {
        _ = try await opened.content.swap(condemned.marker, condemned.blob.digest, to: .none)
        return true
    }

    /// Removes a blob that is still old and whose marker nobody has changed.
    /// - Returns: whether nothing of it is left to take effect.
    private func remove(_ condemned: Condemned) async throws(StoreError) -> Bool {
        let (blob, content) = (condemned.blob, opened.content)
        guard let now = try await content.stat(blob.digest), now.age > grace else { return try await spare(condemned) }
        guard let place = try await storage.capability((any FencedRemovals).self, at: blob.key) else {
            throw StoreError(.unsupported, "\(opened.root.url) can neither move blobs nor fence their removal")
        }
        let removal = try await place.storage.prepareRemoval(of: place.key)
        guard let deleting = try await content.swap(condemned.marker, blob.digest, to: .deleting) else { return true }
        let prepared = ContinuousClock.now
        do { try await removal.run() } catch {
            if error.code == .cancelled { throw error }
            // The marker is settled by whoever comes after the fence.
            fail(blob.key.text, error)
            if error.isForbidden(within: prepared.duration(to: .now)) {
                throw StoreError(
                    .permissionDenied,
                    "the account may not remove content at \(opened.root.url), so nothing more is removed; allow it to "
                        + "delete objects (\(error.message))", cause: error.cause)
            }
            return false
        }
        count { $0.addDeleted(now) }
        _ = try await content.swap(deleting, blob.digest, to: .none)
        return true
    }
}

// MARK: - The gate, before anything is condemned

extension FeedCollection {
    /// The gate as it is idle: if another left it active it is taken over, and becomes idle once every marker is
    /// settled.
    /// - Throws: `unavailable` while a removal that another began may still take effect, for at most the fence.
    private func idleGate() async throws(StoreError) -> CollectionGate {
        for _ in 0..<8 {
            let found = try await gate.read()
            if found.state == .idle { return found }
            guard let held = try await gate.swap(found, to: .active) else { continue }
            try await settleEveryMarker()
            if let idle = try await gate.swap(held, to: .idle) { return idle }
        }
        throw StoreError(
            .unavailable, "others keep collecting the feed \"\(opened.feed.name)\"; try again", isRetryable: true)
    }

    /// Settles what others condemned, and what they were removing and cannot remove any more.
    private func settleEveryMarker() async throws(StoreError) {
        counter.begin("settling what another collection left")
        var pages = storage.list(ListRequest(FeedLayout.collection)).makeAsyncIterator()
        try await concurrently(options.jobs, { () async throws(StoreError) in try await pages.next() }) {
            [self] (page) async throws(StoreError) in
            for case .key(let key, _) in page {
                guard let digest = FeedLayout.digest(ofMarker: key) else { continue }
                try await settleMarker(digest)
                counter.add(items: 1)
            }
        }
    }

    private func settleMarker(_ digest: Digest) async throws(StoreError) {
        for _ in 0..<16 {
            guard let marker = try await opened.content.marker(digest), marker.body.state != .none else { return }
            if marker.body.state == .deleting, try await !opened.content.isPastFence(digest) {
                throw StoreError(
                    .unavailable,
                    "another collection of the feed \"\(opened.feed.name)\" is removing content, or ended before it was "
                        + "done; try again in a few minutes", isRetryable: true)
            }
            if try await opened.content.swap(marker, digest, to: .none) != nil { return }
        }
        throw StoreError(.unavailable, "the marker of \(digest) kept changing; try again", isRetryable: true)
    }
}

extension StoreError {
    /// Whether a removal was refused for whose it is, which a server says in the same words when it comes too late.
    fileprivate func isForbidden(within time: Duration) -> Bool {
        if code == .permissionDenied { return true }
        guard case .http(403, _, _) = cause else { return false }
        return time < .seconds(20)
    }
}
