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
                "the content has \(source.size) bytes, and \(storage.address) takes at most \(largest): "
                    + "cut it up, or use a root on a filesystem")
        }
        guard let limit = capabilities.spoolsAboveBytes, source.size > limit else {
            return try await stage(try await source.read(), expecting: expected, extras: extras)
        }
        var hasher = try ContentHasher(extras)
        for try await chunk in try await source.read() { hasher.update(chunk) }
        let summary = try hasher.finish()
        try summary.digest.expect(expected)
        return StagedContent(object: StagedObject(SourceUpload(source, summary.digest, in: storage)), summary: summary)
    }
}

extension Digest {
    /// - Throws: `digestMismatch` for content of this digest where another is expected.
    func expect(_ expected: Digest?) throws(StoreError) {
        guard let expected, expected != self else { return }
        throw StoreError(
            .digestMismatch, "the content has the digest \(self), not \(expected) as stated: send it again")
    }
}

/// Content that stays where it is until it is committed, and is hashed again while it is: what has changed since is
/// never stored under the digest of what it was.
private final class SourceUpload: StagedUpload {
    private let source: ObjectSource
    private let storage: any Storage

    init(_ source: ObjectSource, _ digest: Digest, in storage: any Storage) {
        self.source = source.verified(digest)
        self.storage = storage
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        throw StoreError(.failed, "nothing is added to content that is complete")
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome { try await storage.writeObject(key, source) }
    func discard() async {}
    func abandon() {}
}

extension ObjectSource {
    /// The same content, whose last chunk waits for the digest to match.
    fileprivate func verified(_ digest: Digest) -> ObjectSource {
        ObjectSource(size: size) { () async throws(StoreError) in
            let verification = try Verification(of: digest, size: size, try await read())
            return AsyncPull { () async throws(StoreError) in
                do throws(StoreError) { return try await verification.next() } catch  where error.code == .corrupt {
                    throw StoreError(
                        .sourceFailed, "the content changed while it was read: nothing of it was kept, try again")
                }
            }
        }
    }
}
