internal import Synchronization

extension FeedCopy {
    /// Copies all content that a record keeps: of what was deleted and of former revisions as far as it is there.
    /// - Parameter isNew: whether the destination has no record of the package: then its content is hardly there.
    func copyContent(of record: PackageRecord, isNew: Bool) async throws(StoreError) {
        for reference in record.allReferences {
            do throws(StoreError) {
                try await copy(reference.digest, reference.size, isNew: isNew)
            } catch  where error.code == .notFound && reference.kind != .current {}
        }
    }

    /// Settles with a collector that began when the feed stood at the destination before, for all content of a record
    /// that is there by now: where blobs do not move atomically it is told that it is wanted; then it is looked at
    /// again, and copied once more when it took it away.
    func settle(_ record: PackageRecord) async throws(StoreError) {
        if isUncollected.withLock({ $0 }) { return }
        for reference in record.allReferences { try await settle(reference) }
    }

    private func settle(_ reference: Reference) async throws(StoreError) {
        let summary = ContentHasher.Summary(digest: reference.digest, size: reference.size, extras: [:])
        for _ in 0..<8 {
            do throws(StoreError) {
                return try await atDestination { () async throws(StoreError) in
                    try await ContentStore(destination.storage).settle(summary, nil)
                }
            } catch  where error.code == .notFound {
                do throws(StoreError) {
                    try await copy(reference.digest, reference.size, isNew: false)
                } catch  where error.code == .notFound && reference.kind != .current { return }
            }
        }
        throw StoreError(
            .unavailable, "the blob \(reference.digest) was removed again and again; try again", isRetryable: true
        ).during("migrate", root: destination.storage.address)
    }

    private func copy(_ digest: Digest, _ size: Int64, isNew: Bool) async throws(StoreError) {
        // A segment of a bucket is on its way in, and a part of another out, each with its connection's buffers.
        try await budget.spend(min(max(size, 65_536), 16 << 20)) { () async throws(StoreError) in
            if isNew, !options.verifiesByReading, ContentStore(destination.storage).isWrittenUnasked(size) {
                return try await writeCounted(digest, size)
            }
            let isThere = try await atDestination { () async throws(StoreError) in
                guard try await destination.storage.refreshObject(FeedLayout.blob(digest), size: size) else {
                    return false
                }
                return try await readsBack(digest)
            }
            if isThere { return }
            if try await !copyInPlace(digest, size) { return try await writeCounted(digest, size) }
            countCopied(size)
        }
    }

    private func writeCounted(_ digest: Digest, _ size: Int64) async throws(StoreError) {
        if try await write(digest, size) != .present { countCopied(size) }
    }

    private func countCopied(_ size: Int64) {
        state.withLock { $0.bytes.add(stated: size) }
        counter.add(bytes: size)
    }

    /// Lets the server of both buckets copy, or the filesystem of both directories, once the content was read from end
    /// to end at the source.
    ///
    /// A filesystem may share the blocks, but not the file: what writes into one root leaves the other as it was, so
    /// that there is a copy to repair from.
    /// - Returns: false where the two roots cannot do that, or the content is not in its place: it is to be written.
    private func copyInPlace(_ digest: Digest, _ size: Int64) async throws(StoreError) -> Bool {
        if canCopyInPlace.withLock({ $0 }) == false { return false }
        let blob = FeedLayout.blob(digest)
        let cloning = try await destination.storage.capability((any CloneableObjects).self, at: blob)
        if cloning == nil && destination.storage.capabilities.atomicMove { return false }
        guard try await source.content.stat(digest)?.size == size else { return false }
        guard try await source.content.isGood(blob, digest) else {
            throw StoreError(.corrupt, "the content stored as \(digest) has another digest; repair the feed")
                .during("readObject", key: blob.text, root: source.storage.address)
        }
        return try await atDestination { () async throws(StoreError) in
            do throws(StoreError) {
                if let cloning {
                    try await cloning.storage.cloneObject(from: source.storage, blob, to: cloning.key)
                } else {
                    _ = try await destination.storage.copyObject(from: source.storage, blob, to: blob)
                }
            } catch  where error.code == .unsupported {
                canCopyInPlace.withLock { $0 = false }
                return false
            } catch  where error.code == .notFound || error.code == .corrupt {
                return false  // Taken away at the source, or of another size here: writing it tells, and heals.
            }
            canCopyInPlace.withLock { $0 = true }
            try await expectToReadBack(digest)
            return true
        }
    }

    private func write(_ digest: Digest, _ size: Int64) async throws(StoreError) -> ContentStore.Secured {
        let content = ContentStore(destination.storage)
        let address = source.storage.address
        return try await source.content.read(digest, size: size) {
            (reading) async throws(StoreError) -> ContentStore.Secured in
            let next = reading.chunks.puller()
            let chunks = AsyncPull { () async throws(StoreError) -> [UInt8]? in
                do throws(StoreError) { return try await next() } catch {
                    throw error.during("readObject", root: address)
                }
            }
            return try await atDestination { () async throws(StoreError) -> ContentStore.Secured in
                let staged = try await content.stage(chunks, expecting: digest)
                let outcome = try await content.commit(staged)
                try await expectToReadBack(digest)
                return outcome
            }
        }
    }

    /// Whether no collector can take anything away at the destination. Of one that began there when the feed was in
    /// that root its markers are left; without any, none opened a gate, and none can while the feed is elsewhere. A run
    /// that reads back what it wrote puts damaged content aside, and settles with itself.
    func cannotBeCollected() async throws(StoreError) -> Bool {
        if destination.storage.capabilities.atomicMove || options.verifiesByReading { return false }
        return try await hasNoMarkers()
    }

    /// Whether no collector ever condemned anything at the destination.
    func hasNoMarkers() async throws(StoreError) -> Bool {
        try await atDestination { () async throws(StoreError) in
            try await ContentStore(destination.storage).hasNoMarkers()
        }
    }

    private func expectToReadBack(_ digest: Digest) async throws(StoreError) {
        guard try await readsBack(digest) else {
            throw StoreError(.corrupt, "what was written as \(digest) reads back as something else")
        }
    }

    /// Whether a blob of the destination reads well, where that is asked for. What does not goes to quarantine, so that
    /// the next run writes it again.
    private func readsBack(_ digest: Digest) async throws(StoreError) -> Bool {
        guard options.verifiesByReading else { return true }
        let content = ContentStore(destination.storage, gate: DestinationGate(source: source.feed, run: goal.run))
        if try await content.isGood(FeedLayout.blob(digest), digest) { return true }
        try await content.quarantine(digest, why: "its bytes were different when read back", by: options.by)
        return false
    }
}

/// Nobody publishes at the destination of a migration, so there is no gate to open. But a run that was taken over must
/// not take anything away any more: what it condemned before it found itself in charge is seen by the next run before
/// that one points the feed there.
private struct DestinationGate: ContentGate {
    let source: Feed
    let run: String?

    func open() async throws(StoreError) -> @Sendable () async throws(StoreError) -> Void {
        try await source.record().expectMigration(run)
        return {}
    }
}
