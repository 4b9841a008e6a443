extension Feed {
    /// Publishes a package of this feed in another, under the same path, without moving its bytes where the
    /// storages can.
    /// - Throws: `notFound`; and what publishing throws.
    public func promote(
        _ path: PackagePath, to destination: Feed, by: String
    ) async throws(StoreError) -> Published {
        let source = try await visit()
        guard let stored = try await source.package(path), stored.body.deleted == nil else {
            throw StoreError(.notFound, "\"\(path)\" is not in feed \"\(name)\"")
        }
        return try await destination.adopt(stored.body, from: source, by: by)
    }

    /// Publishes what another feed holds.
    private func adopt(
        _ record: PackageRecord, from source: FeedVisit, by: String
    ) async throws(StoreError) -> Published {
        let details = PublicationDetails(by: by, contentType: record.contentType, annotations: record.annotations)
        for _ in 0..<8 {
            let visit = try await visitForWriting()
            let placed = try await visit.place(record, from: source, details)
            do { try await visit.settle(placed) } catch  where error.code == .notFound {
                continue  // A collector was faster: bring the content once more.
            }
            if try await visit.isCurrent() { return placed.published }
        }
        throw StoreError(
            .unavailable, "the feed \"\(name)\" kept changing while \"\(record.path)\" was promoted: try again")
    }
}

extension FeedVisit {
    /// Steps 1 and 2 of publishing for content that another root holds.
    fileprivate func place(
        _ record: PackageRecord, from source: FeedVisit, _ details: PublicationDetails
    ) async throws(StoreError) -> Placed {
        guard let isHealing = try await link(record, from: source) else {
            var placed: Placed?
            try await source.content.read(record.digest, size: record.size) { (content) async throws(StoreError) in
                let staged = try await self.content.stage(content.chunks, expecting: record.digest, extras: extras)
                placed = try await place(staged, at: record.path, details) { (digest) async throws(StoreError) in
                    try await names(digest, at: record.path)
                }
            }
            guard let placed = placed.take() else { throw StoreError(.failed, "the content was never opened") }
            return placed
        }
        let act = PackageRecord.Act(at: .now, by: details.by)
        let outcome = try await self.record(PackageContent(record), at: record.path, act)
        let reported = outcome == .unchanged && isHealing ? .healed : outcome
        return Placed(
            nil, record.summary,
            Published(outcome: reported, path: record.path, digest: record.digest, size: record.size))
    }

    /// Step 1 without moving bytes.
    /// - Returns: whether that heals what this feed names at the path; nil where the storages cannot, or the digests
    ///   that this feed asks for are not known yet.
    private func link(
        _ record: PackageRecord, from source: FeedVisit
    ) async throws(StoreError) -> Bool? {
        guard extras.allSatisfy({ record.digests?[$0.rawValue] != nil }) else { return nil }
        if try await content.refresh(record.summary) { return false }
        let blob = FeedLayout.blob(record.digest)
        let lacksIt = try await names(record.digest, at: record.path)
        guard try await source.content.stat(record.digest)?.size == record.size else { return nil }
        do {
            return try await storage.copyObject(from: source.storage, blob, to: blob) != .present && lacksIt
        } catch  where error.code == .unsupported || error.code == .notFound {
            return nil
        } catch  where error.code == .corrupt {
            try await content.quarantine(record.digest, why: "wrong size, found while promoting", by: "promote")
            return nil
        }
    }
}
