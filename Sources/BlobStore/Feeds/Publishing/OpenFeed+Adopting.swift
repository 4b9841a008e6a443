/// A publication after step 2: its content was put in its place, or found there, and its record names it.
struct UnsettledPublication: Sendable {
    let published: Published
    let recorded: Recorded
    let summary: ContentHasher.Summary
}

extension UnsettledPublication {
    fileprivate init(created record: Stored<PackageRecord>, _ summary: ContentHasher.Summary) {
        recorded = Recorded(.created, record)
        published = Published(
            outcome: .created, path: record.body.path, digest: summary.digest, size: summary.size,
            revision: recorded.revision)
        self.summary = summary
    }
}

/// A package whose content is in memory.
struct SmallPackage: Sendable {
    let path: PackagePath
    let bytes: [UInt8]
    let details: PublicationDetails
}

extension OpenFeed {
    /// Steps 1 and 2 of a publication for content that can be read again, which is looked at before it is moved: what
    /// is published already is hashed and compared, not stored again.
    ///
    /// It is reported done only once the caller has settled it (step 3) and has seen that the feed is still current
    /// (step 4).
    /// - Parameters:
    ///   - seemsAbsent: whether a listing showed no record at the path: then none is asked for, and one that came
    ///     meanwhile is found by the attempt to create it.
    ///   - known: what is known of packages that were published before: one that is this very content is not asked for.
    /// - Throws: as publishing does; `alreadyExists` before anything was staged, unless the record came meanwhile.
    func adopt(
        _ source: ObjectSource, at path: PackagePath, seemsAbsent: Bool, known: KnownPackages.Batch,
        _ details: PublicationDetails
    ) async throws(StoreError) -> UnsettledPublication {
        if let record = known.records[path.key], try await isSame(source, as: record.body),
            let unchanged = try await unchanged(record, isSeen: known.isInPlace(record.body))
        {
            return unchanged
        }
        let present = seemsAbsent ? nil : try await publishedRecord(at: path)
        if let present, let unchanged = try await recognize(source, as: present) { return unchanged }
        return try await adopt(source, over: present?.body, at: path, details) { (secured, recorded) in
            UnsettledPublication(
                published: Published(secured, recorded, at: path), recorded: recorded,
                summary: secured.content.summary)
        }
    }

    /// Steps 1 and 2 for small packages of which none had a record, some dozens at once.
    /// - Returns: for each what it came to; nil for one that has to be adopted by itself, whatever stands in its way.
    func adopt(together packages: [SmallPackage]) async -> [UnsettledPublication?] {
        let nothing: [UnsettledPublication?] = packages.map { _ in nil }
        guard let summaries = try? packages.map({ try ContentHasher.summary(of: $0.bytes, extras) }),
            let secured = try? await content.write(together: zip(summaries, packages).map { ($0.digest, $1.bytes) })
        else { return nothing }
        let whole = packages.indices.filter { (try? secured[$0].get()) != nil }
        let records = whole.map { index in
            let (package, details) = (packages[index], packages[index].details)
            let content = PackageContent(
                summaries[index], contentType: details.contentType, annotations: details.annotations)
            let act = PackageRecord.Act(at: .now, by: details.by)
            return (key: package.path.key, body: PackageRecord(package.path, content: content, by: act))
        }
        guard let written = try? await storage.create(together: records) else { return nothing }
        var adopted = nothing
        for (index, result) in zip(whole, written) {
            guard let record = try? result.get() else { continue }
            adopted[index] = UnsettledPublication(created: record, summaries[index])
        }
        return adopted
    }

    /// The same with step 3, by looking at the content.
    func adoptAndSettle(
        _ source: ObjectSource, at path: PackagePath, _ details: PublicationDetails
    ) async throws(StoreError) -> Published {
        let present = try await publishedRecord(at: path)
        if let present, let unchanged = try await recognize(source, as: present) {
            do {
                try await settle(unchanged.recorded, of: unchanged.summary, from: nil)
                return unchanged.published
            } catch  where error.code == .notFound {}
        }
        return try await adopt(source, over: present?.body, at: path, details) {
            (secured, recorded) async throws(StoreError) in
            try await settle(recorded, of: secured.content.summary, from: secured.staged)
            return Published(secured, recorded, at: path)
        }
    }

    private func adopt<Value: Sendable>(
        _ source: ObjectSource, over present: PackageRecord?, at path: PackagePath, _ details: PublicationDetails,
        _ next: (borrowing SecuredContent, Recorded) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let staged = try await content.stage(source, extras: extras)
        let secured = try await secure(staged, details) { $0 == present?.digest }
        let act = PackageRecord.Act(at: .now, by: details.by)
        return try await next(secured, try await record(secured.content, at: path, act))
    }

    /// What is published, when it is this very content and whole.
    private func recognize(
        _ source: ObjectSource, as stored: Stored<PackageRecord>
    ) async throws(StoreError) -> UnsettledPublication? {
        guard try await isSame(source, as: stored.body) else {
            try expectMutable(stored.body)
            return nil
        }
        return try await unchanged(stored, isSeen: false)
    }

    private func isSame(_ source: ObjectSource, as present: PackageRecord) async throws(StoreError) -> Bool {
        if present.size != source.size { return false }
        return try await ContentHasher.summary(of: source.read()).digest == present.digest
    }

    /// Nil where the content is not in its place.
    /// - Parameter isSeen: whether it was seen there.
    private func unchanged(
        _ stored: Stored<PackageRecord>, isSeen: Bool
    ) async throws(StoreError) -> UnsettledPublication? {
        let present = stored.body
        if !isSeen, try await !isInPlace(present) { return nil }
        try await storage.flushRecord(present.path.key)
        let published = Published(
            outcome: .unchanged, path: present.path, digest: present.digest, size: present.size,
            revision: stored.document.revision)
        return UnsettledPublication(
            published: published, recorded: Recorded(unchanged: stored), summary: present.summary)
    }

    /// Whether the content of a record is in its place, in its size. On a filesystem it is made durable, too: it may be
    /// another's work that no disk holds yet.
    private func isInPlace(_ present: PackageRecord) async throws(StoreError) -> Bool {
        // A live record names it, so no collector takes it for garbage, however old it is.
        if !storage.capabilities.atomicMove { return try await content.stat(present.digest)?.size == present.size }
        return try await content.refresh(present.summary)
    }

    /// What adopting would do, without doing it.
    package func preview(_ source: ObjectSource, at path: PackagePath) async throws(StoreError) -> Published.Outcome {
        try await preview(at: path) { () async throws(StoreError) in
            try await ContentHasher.summary(of: source.read()).digest
        }
    }

    /// What publishing content would do, without doing it.
    /// - Parameter digest: that of the content; asked for only where something is published at the path.
    fileprivate func preview(
        at path: PackagePath, _ digest: () async throws(StoreError) -> Digest
    ) async throws(StoreError) -> Published.Outcome {
        let found: Stored<PackageRecord>?
        do { found = try await package(path) } catch  where error.code == .corrupt { return .healed }
        guard let present = found?.body, present.deleted == nil else { return .created }
        if try await digest() == present.digest {
            return try await content.stat(present.digest)?.size == present.size ? .unchanged : .healed
        }
        try expectMutable(present)
        return .replaced
    }
}

extension Feed {
    /// What publishing content would do: it is read to its end, and nothing is written.
    /// - Throws: as publishing does, as far as that shows before.
    package func preview(
        _ content: AsyncPull<[UInt8]>, at path: PackagePath, expecting expected: Digest? = nil
    ) async throws(StoreError) -> Published {
        let opened = try await openForWriting()
        let summary = try await ContentHasher.summary(of: content)
        try summary.digest.expect(expected)
        let outcome = try await opened.preview(at: path) { () throws(StoreError) in summary.digest }
        return Published(outcome: outcome, path: path, digest: summary.digest, size: summary.size)
    }
}
