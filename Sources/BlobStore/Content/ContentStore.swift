/// The content of a feed root: blobs by digest, verified on their way in and out.
package struct ContentStore: Sendable {
    package let storage: any Storage

    package init(_ storage: any Storage) {
        self.storage = storage
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

    /// Makes sure that staged content stands under its digest, durably, and is as young as now.
    ///
    /// A blob of another size in its place is damaged: it goes to quarantine first.
    package func secure(_ staged: borrowing StagedContent) async throws(StoreError) -> Secured {
        if try await refresh(staged.summary) { return .present }
        return try await commit(staged)
    }

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
            }
        }
        throw StoreError(
            .unavailable, "the blob \(staged.summary.digest) kept changing while it was published: try again")
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
