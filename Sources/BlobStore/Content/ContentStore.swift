/// The content of a feed root: blobs by digest, verified on their way in and out.
package struct ContentStore: Sendable {
    package let storage: any Storage
    /// What publishers watch; nil where nothing is taken away.
    let gate: (any ContentGate)?

    package init(_ storage: any Storage, gate: (any ContentGate)? = nil) {
        self.storage = storage
        self.gate = gate
    }

    /// How a blob came to be in its place.
    package enum Secured: Sendable, Equatable {
        /// It was absent, and was written.
        case created
        /// It was there.
        case present
        /// What was there had another size; it went to quarantine, and the content was written.
        case replaced
    }

    /// Size and age of a blob; nil when it is absent.
    package func stat(_ digest: Digest) async throws(StoreError) -> ObjectInfo? {
        try await storage.statObject(FeedLayout.blob(digest))
    }
}

/// Content that is staged, hashed, and not yet under its digest.
package struct StagedContent: ~Copyable, Sendable {
    let object: StagedObject
    package let summary: ContentHasher.Summary
}

extension StagedContent {
    /// The same, which is staged once more from its source when what is staged is lost.
    fileprivate consuming func backed(by source: ObjectSource, in storage: any Storage) -> StagedContent {
        let summary = summary
        let upload = SourceUpload(source, summary.digest, in: storage, staged: object)
        return StagedContent(object: StagedObject(upload), summary: summary)
    }
}

// MARK: - Staging

extension ContentStore {
    /// Stages content while hashing it.
    /// - Throws: `digestMismatch` when it is not what is expected; `sourceFailed` when it cannot be read to its end.
    ///   Nothing is left behind then.
    /// - Cost: one reading of the content; a few chunks of memory.
    package func stage<Content: AsyncSequence & Sendable>(
        _ content: Content, expecting expected: Digest? = nil, extras: Set<ExtraDigest> = []
    ) async throws(StoreError) -> StagedContent where Content.Element == [UInt8] {
        let object = try await storage.stageObject()
        var hasher = try ContentHasher(extras)
        var chunks = content.makeAsyncIterator()
        while let chunk = try await nextChunk(&chunks) {
            var rest = chunk[...]
            while !rest.isEmpty {
                let piece =
                    rest.count == chunk.count && chunk.count <= chunkSizeBytes
                    ? chunk : Array(rest.prefix(chunkSizeBytes))
                try await object.append(piece)
                hasher.update(piece)
                rest = rest.dropFirst(piece.count)
            }
        }
        let summary = try hasher.finish()
        try summary.digest.expect(expected)
        return StagedContent(object: object, summary: summary)
    }
}

extension ContentStore {
    /// Stages content that can be read again.
    ///
    /// Where the storage would put it into a file of this machine first, it is only hashed now, and is written from
    /// where it is by the commit.
    /// - Throws: `invalidArgument` for more than the storage takes, before anything is read; and as
    ///   ``stage(_:expecting:extras:)``.
    package func stage(
        _ source: ObjectSource, expecting expected: Digest? = nil, extras: Set<ExtraDigest> = []
    ) async throws(StoreError) -> StagedContent {
        let capabilities = storage.capabilities
        if let largest = capabilities.largestObjectBytes, source.size > largest {
            throw StoreError(
                .invalidArgument,
                "the content has \(source.size) bytes, and \(storage.address) takes at most \(largest); "
                    + "split it, or use a root on a filesystem")
        }
        if source.size <= capabilities.spoolsAboveBytes ?? .max {
            do {
                let staged = try await stage(try await source.read(), expecting: expected, extras: extras)
                return staged.backed(by: source, in: storage)
            } catch { guard error.isStagingLost else { throw error } }
        }
        let summary = try await ContentHasher.summary(of: source.read(), extras)
        try summary.digest.expect(expected)
        return StagedContent(object: StagedObject(SourceUpload(source, summary.digest, in: storage)), summary: summary)
    }
}

extension Digest {
    /// - Throws: `digestMismatch` for content of this digest where another is expected.
    func expect(_ expected: Digest?) throws(StoreError) {
        guard let expected, expected != self else { return }
        throw StoreError(
            .digestMismatch, "the content has the digest \(self), not \(expected) as stated; send it again")
    }
}

/// Content that can be read again from where it is, when it was not staged or what was staged is lost. It is hashed
/// again then: what has changed since is never stored under the digest of what it was.
private final class SourceUpload: StagedUpload {
    private let source: ObjectSource
    private let storage: any Storage
    private let staged: StagedObject?

    init(_ source: ObjectSource, _ digest: Digest, in storage: any Storage, staged: consuming StagedObject? = nil) {
        self.source = source.verified(digest)
        self.storage = storage
        self.staged = staged
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        throw StoreError(.failed, "content that is complete cannot be extended")
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        do {
            if let outcome = try await staged?.commit(key) { return outcome }
        } catch { guard error.isStagingLost || error.code == .notFound else { throw error } }
        return try await storage.writeObject(key, source)
    }

    func discard() async { await staged?.release() }

    /// What was staged goes out of scope with it.
    func abandon() {}
}

extension ObjectSource {
    /// The same content, whose last chunk waits for the digest to match.
    fileprivate func verified(_ digest: Digest) -> ObjectSource {
        ObjectSource(size: size) { () async throws(StoreError) in
            let verification = Verification(of: digest, size: size, try await read(), try RunningHash())
            return AsyncPull { () async throws(StoreError) in
                do throws(StoreError) { return try await verification.next() } catch  where error.code == .corrupt {
                    throw StoreError(
                        .sourceFailed, "the content changed while it was read; nothing was stored, so try again")
                }
            }
        }
    }
}

/// The next chunk of anybody's content, with its errors classified.
private func nextChunk<Iterator: AsyncIteratorProtocol>(
    _ iterator: inout Iterator
) async throws(StoreError) -> [UInt8]? where Iterator.Element == [UInt8] {
    do {
        return try await iterator.next(isolation: #isolation)
    } catch let error as StoreError {
        throw error
    } catch is CancellationError {
        throw StoreError(.cancelled, "cancelled while reading the content")
    } catch {
        throw StoreError(
            .sourceFailed, "the content could not be read to its end: \(error)", cause: .other("\(error)"))
    }
}

// MARK: - Under its digest

extension ContentStore {
    /// Makes sure that staged content stands under its digest, durably, and is as young as now.
    ///
    /// A blob of another size in its place is damaged: it goes to quarantine first.
    package func secure(_ staged: borrowing StagedContent) async throws(StoreError) -> Secured {
        if try await refresh(staged.summary) { return .present }
        return try await commit(staged)
    }

    /// Whether content of that size is better written at once than looked for: where each is one request.
    func isWrittenUnasked(_ size: Int64) -> Bool { !storage.capabilities.atomicMove && size <= 1 << 20 }

    /// Makes a blob that is there durable, and as young as now.
    /// - Returns: false when it is absent or of another size.
    func refresh(_ summary: ContentHasher.Summary) async throws(StoreError) -> Bool {
        try await storage.refreshObject(FeedLayout.blob(summary.digest), size: summary.size)
    }

    /// Puts staged content under its digest, durably, in the place of a damaged blob too.
    func commit(_ staged: borrowing StagedContent) async throws(StoreError) -> Secured {
        let key = FeedLayout.blob(staged.summary.digest)
        var outcome = Secured.created
        for _ in 0..<8 {
            do {
                let found = try await staged.object.commit(key)
                return found == .present ? .present : outcome
            } catch  where error.code == .corrupt {
                try await quarantine(staged.summary.digest, why: "wrong size, found while publishing", by: "publish")
                outcome = .replaced
            } catch  where error.code == .notFound {
                throw error.under(.stagingLost)
            }
        }
        throw StoreError(
            .unavailable, "the blob \(staged.summary.digest) kept changing while it was published; try again")
    }
}

extension ContentStore {
    /// Puts small contents under their digests, durably and as young as now, some dozens at once.
    /// - Returns: one result for each, in the same order; nil where the storage gains nothing by it, and nothing was
    ///   written. `corrupt` for one whose place a blob of another size has.
    func write(
        together contents: [(digest: Digest, bytes: [UInt8])]
    ) async throws(StoreError) -> [Result<CommitOutcome, StoreError>]? {
        let keys = contents.map { FeedLayout.blob($0.digest) }
        guard let batch = try await storage.capability((any BatchedCreation).self, at: keys) else { return nil }
        return await batch.storage.writeObjects(zip(batch.keys, contents).map { ($0, $1.bytes) })
    }
}

extension ContentStore {
    /// Puts a good copy where readers find it although a damaged blob, which cannot be moved, holds its place.
    package func putBeside(_ staged: borrowing StagedContent) async throws(StoreError) -> Key {
        let place = FeedLayout.retired(staged.summary.digest)
        _ = try await staged.object.commit(place)
        return place
    }
}

// MARK: - Settled with the collector

extension ContentStore {
    /// Looks again for content that a record names by now, and brings it back while a collector takes it away.
    ///
    /// Where blobs do not move atomically, the collectors are told first that it is wanted.
    /// - Parameter staged: the content, where the caller has it.
    /// - Throws: `notFound` when it is gone and there is nothing to bring it back from.
    package func settle(_ summary: ContentHasher.Summary, _ staged: borrowing StagedContent?) async throws(StoreError) {
        for _ in 0..<16 {
            if !storage.capabilities.atomicMove { try await spare(summary.digest) }
            if let info = try await stat(summary.digest), info.size == summary.size { return }
            if staged != nil {
                try await bringBack(staged)
            } else if try await !bringBack(summary.digest) {
                if let info = try await stat(summary.digest), info.size == summary.size { return }
                throw StoreError(.notFound, "the content \(summary.digest) is gone; publish it again")
                    .under(.contentGone)
            }
        }
        throw StoreError(.unavailable, "the blob \(summary.digest) was removed again and again; try again")
    }

    private func bringBack(_ staged: borrowing StagedContent?) async throws(StoreError) {
        switch staged {
        case .some(let content): _ = try await secure(content)
        case .none: break
        }
    }

    /// Links a blob back from `retired/`.
    /// - Returns: false when no retired copy is there.
    package func bringBack(_ digest: Digest) async throws(StoreError) -> Bool {
        for key in try await retiredCopies(of: digest) {
            do {
                _ = try await storage.copyObject(from: storage, key, to: FeedLayout.blob(digest))
                return true
            } catch  where error.code == .notFound {
                continue  // Settled by another process meanwhile.
            }
        }
        return false
    }

    /// Puts content in its place that a record names already, and then looks again as a publisher does.
    package func putBack(_ staged: consuming StagedContent) async throws(StoreError) {
        let summary = staged.summary
        let content: StagedContent? = consume staged
        try await bringBack(content)
        try await settle(summary, content)
    }

    /// The blob's names in `retired/`, of which there are few.
    package func retiredCopies(of digest: Digest) async throws(StoreError) -> [Key] {
        try await copies(of: digest, in: FeedLayout.retired)
    }

    /// The blob's names in `retired/` and `quarantine/`, good or bad.
    package func copiesAside(of digest: Digest) async throws(StoreError) -> [Key] {
        try await retiredCopies(of: digest) + copies(of: digest, in: FeedLayout.quarantine)
    }

    private func copies(of digest: Digest, in folder: KeyPrefix) async throws(StoreError) -> [Key] {
        let before = Key(trusted: folder.text + digest.hex)
        var found: [Key] = []
        for try await page in storage.list(ListRequest(folder, startAfter: before, isFlat: true)) {
            for case .key(let key, _) in page {
                guard FeedLayout.digest(ofSetAside: key) == digest else { return found }
                if !key.isRecord { found.append(key) }
            }
        }
        return found
    }
}
