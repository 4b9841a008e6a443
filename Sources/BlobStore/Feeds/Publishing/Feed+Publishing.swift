extension Feed {
    /// Publishes content at a path.
    ///
    /// *Guarantees*: another node sees all of it or none; what is reported survives a power cut. The same content
    /// again is a success (`unchanged`). Content whose stored bytes are missing or of the wrong size is healed.
    /// - Parameters:
    ///   - content: the bytes, in chunks; read once.
    ///   - expected: the digest that the content must have.
    /// - Throws: `alreadyExists` for other content at the path of an immutable feed; `digestMismatch`;
    ///   `sourceFailed`; `migrating`; `wrongRoot`; `outcomeUnknown`. Then the path is as it was, but after
    ///   `outcomeUnknown`, and may be published again in any case.
    /// - Cost: one pass over the content, a few MiB of memory.
    public func publish<Content: AsyncSequence & Sendable>(
        _ content: Content, at path: PackagePath, expecting expected: Digest? = nil, _ details: PublicationDetails
    ) async throws(StoreError) -> Published where Content.Element == [UInt8] {
        let visit = try await visitForWriting()
        let staged = try await visit.content.stage(content, expecting: expected, extras: visit.extras)
        return try await publish(staged, at: path, details, visit)
    }

    /// Publishes content that can be read again at a path; see the general form.
    /// - Throws: also `invalidArgument` for more than the feed's root takes, before anything is read.
    /// - Cost: where the root is in a bucket, content over 1 MiB is read twice rather than put aside on this machine.
    public func publish(
        _ source: ObjectSource, at path: PackagePath, expecting expected: Digest? = nil, _ details: PublicationDetails
    ) async throws(StoreError) -> Published {
        let visit = try await visitForWriting()
        let staged = try await visit.content.stage(source, expecting: expected, extras: visit.extras)
        return try await publish(staged, at: path, details, visit)
    }

    /// Publishes content at a path; see the general form.
    public func publish<Content: AsyncSequence & Sendable>(
        _ content: Content, at path: PackagePath, expecting expected: Digest? = nil, by: String
    ) async throws(StoreError) -> Published where Content.Element == [UInt8] {
        try await publish(content, at: path, expecting: expected, PublicationDetails(by: by))
    }

    /// What publishing content would do: it is read to its end, and nothing is written.
    /// - Throws: as publishing does, as far as that can be foreseen.
    package func foresee(
        _ content: AsyncPull<[UInt8]>, at path: PackagePath, expecting expected: Digest? = nil
    ) async throws(StoreError) -> Published {
        let visit = try await visitForWriting()
        var hasher = try ContentHasher()
        for try await chunk in content { hasher.update(chunk) }
        let summary = try hasher.finish()
        try summary.digest.expect(expected)
        let outcome = try await visit.foresee(at: path) { () throws(StoreError) in summary.digest }
        return Published(outcome: outcome, path: path, digest: summary.digest, size: summary.size)
    }

    /// Publishes staged content, and starts over with what was stored where the feed changes under it.
    private func publish(
        _ staged: consuming StagedContent, at path: PackagePath, _ details: PublicationDetails, _ first: FeedVisit
    ) async throws(StoreError) -> Published {
        var visit = first
        var staged = staged
        for _ in 0..<8 {
            let placed = try await visit.place(staged, at: path, details) { (digest) async throws(StoreError) in
                try await visit.names(digest, at: path)
            }
            try await visit.settle(placed)
            if try await visit.isCurrent() { return placed.published }
            let next = try await visitForWriting()
            staged = try await next.restage(placed.summary, from: visit)
            visit = next
        }
        throw StoreError(.unavailable, "the feed \"\(name)\" kept changing while \"\(path)\" was published: try again")
    }
}

extension FeedVisit {
    /// Stages here what an earlier visit stored.
    fileprivate func restage(
        _ summary: ContentHasher.Summary, from earlier: FeedVisit
    ) async throws(StoreError) -> StagedContent {
        var staged: StagedContent?
        try await earlier.content.read(summary.digest, size: summary.size) { (content) async throws(StoreError) in
            staged = try await self.content.stage(content.chunks, expecting: summary.digest, extras: extras)
        }
        guard let staged = staged.take() else { throw StoreError(.failed, "the content was never opened") }
        return staged
    }
}
