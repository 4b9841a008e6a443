extension FeedVisit {
    /// Steps 1 to 3 of publishing for content that can be read again, which is looked at before it is moved: what is
    /// published already is hashed and compared, not stored again.
    ///
    /// It is reported done only once the caller has seen that the visit is still current (step 4).
    /// - Throws: as publishing does; `alreadyExists` before anything was staged.
    package func adopt(
        _ source: ObjectSource, at path: PackagePath, _ details: PublicationDetails
    ) async throws(StoreError) -> Published {
        let present = try await published(at: path)
        if let present, let unchanged = try await recognize(source, as: present) { return unchanged }
        let staged = try await content.stage(source, extras: extras)
        let placed = try await place(staged, at: path, details) { $0 == present?.digest }
        try await settle(placed)
        return placed.published
    }

    /// What is published, when it is this very content and whole.
    private func recognize(
        _ source: ObjectSource, as present: PackageRecord
    ) async throws(StoreError) -> Published? {
        let path = present.path
        var isSame = present.size == source.size
        if isSame {
            isSame = try await digest(of: source) == present.digest
        }
        guard isSame else {
            if record.mutable { return nil }
            throw StoreError(
                .alreadyExists,
                "\"\(path)\" is published in feed \"\(feed.name)\" with other content (\(present.digest)), "
                    + "and the feed is immutable: publish under another path")
        }
        guard try await content.refresh(present.summary) else { return nil }
        try await storage.flushRecord(path.key)
        do { try await content.settle(present.summary, nil) } catch  where error.code == .notFound { return nil }
        return Published(outcome: .unchanged, path: path, digest: present.digest, size: present.size)
    }

    private func digest(of source: ObjectSource) async throws(StoreError) -> Digest {
        var hasher = try ContentHasher()
        for try await chunk in try await source.read() { hasher.update(chunk) }
        return try hasher.finish().digest
    }

    /// What publishing would do, without doing it.
    package func foresee(_ source: ObjectSource, at path: PackagePath) async throws(StoreError) -> Published.Outcome {
        try await foresee(at: path) { () async throws(StoreError) in try await digest(of: source) }
    }

    /// What publishing content would do, without doing it.
    /// - Parameter digest: that of the content; asked for only where something is published at the path.
    func foresee(
        at path: PackagePath, _ digest: () async throws(StoreError) -> Digest
    ) async throws(StoreError) -> Published.Outcome {
        let found: Stored<PackageRecord>?
        do { found = try await package(path) } catch  where error.code == .corrupt { return .healed }
        guard let present = found?.body, present.deleted == nil else { return .created }
        if try await digest() == present.digest {
            return try await content.stat(present.digest)?.size == present.size ? .unchanged : .healed
        }
        if record.mutable { return .replaced }
        throw StoreError(
            .alreadyExists,
            "\"\(path)\" is published in feed \"\(feed.name)\" with other content (\(present.digest)), "
                + "and the feed is immutable: publish under another path")
    }
}
