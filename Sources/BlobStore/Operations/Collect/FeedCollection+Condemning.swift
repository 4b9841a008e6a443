internal import Synchronization

/// Collecting where objects do not move atomically, as on S3: each blob has a marker that changes by compare-and-swap.
///
/// Candidates are condemned; then the records are listed again, so that whoever published before that is seen; then
/// what is still unnamed and old is removed behind a fence. A publisher swaps a condemned marker back before he looks
/// at the blob once more; so the swap to `deleting` fails for a collector whom he was faster than. The removal is
/// prepared, and dated, before that swap: once others may settle the marker no removal can take effect any more.
extension FeedCollection {
    func collectByCondemning() async throws(StoreError) {
        let named = try await references()
        let garbage = try await refuseBeyondCap(named)
        guard options.deletes else { return }
        counter.begin("condemning garbage", itemsTotal: min(garbage, Int64(Self.maximumCondemned)))
        let condemned = Mutex<[Condemned]>([])
        try await eachUnnamed(named) { [self] (blob) async throws(StoreError) in
            guard condemned.withLock({ $0.count < Self.maximumCondemned }) else { return }
            guard let marker = try await visit.content.condemn(blob.digest) else { return }
            condemned.withLock { $0.append(Condemned(blob: blob, marker: marker)) }
            counter.add(items: 1)
        }
        let all = condemned.withLock { $0 }
        if all.isEmpty { return }
        let namedSince = try await names(of: all.map(\.blob.digest))
        counter.begin("removing", itemsTotal: Int64(all.count))
        try await concurrently(options.jobs, all) { [self] (condemned) async throws(StoreError) in
            if !namedSince.contains(condemned.blob.digest) { try await remove(condemned) }
            counter.add(items: 1)
        }
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
        let references = try await references()
        var named: Set<Digest> = []
        for bucket in Set(wanted.map { Int($0.leadingBits >> 24) }) {
            named.formUnion(try await references.load(bucket).keys)
        }
        return named.intersection(wanted)
    }

    /// Removes a blob that is still old and whose marker nobody has changed.
    private func remove(_ condemned: Condemned) async throws(StoreError) {
        let (blob, content) = (condemned.blob, visit.content)
        guard let now = try await content.stat(blob.digest), now.age > grace else { return }
        guard let place = try await storage.fencedPlace(of: blob.key) else {
            throw StoreError(.unsupported, "\(visit.root.url) can neither move blobs nor fence their removal")
        }
        let removal = try await place.storage.prepareRemoval(of: place.key)
        guard let deleting = try await content.swap(condemned.marker, blob.digest, to: .deleting) else { return }
        let prepared = ContinuousClock.now
        do { try await removal.run() } catch {
            if error.code == .cancelled { throw error }
            // The marker is settled by whoever comes after the fence.
            fail(blob.key.text, error)
            if error.isForbidden(within: prepared.duration(to: .now)) {
                throw StoreError(
                    .permissionDenied,
                    "the account may not remove content at \(visit.root.url), so nothing more is removed: allow it to "
                        + "delete objects (\(error.message))", cause: error.cause)
            }
            return
        }
        count { $0.deleted += 1 }
        _ = try await content.swap(deleting, blob.digest, to: .none)
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
