extension Feed {
    /// Publishes a package of this feed in another, under the same path, without moving its bytes where the
    /// storages can.
    ///
    /// The content is read and hashed before the other feed names it, unless the ledger of checks tells that this was
    /// done within the last 30 days: damage does not spread. A hard link is one copy under two names: what befalls one
    /// befalls both.
    /// - Returns: also when the content was verified.
    /// - Throws: `notFound`; `corrupt` when the content is damaged; and what publishing throws.
    /// - Cost: one reading of the content, unless it was verified lately.
    public func promote(
        _ path: PackagePath, to destination: Feed, by: String
    ) async throws(StoreError) -> Published {
        let source = try await open()
        guard let record = try await source.package(path)?.body, record.deleted == nil else {
            throw StoreError(.notFound, "\"\(path)\" is not in feed \"\(name)\"")
        }
        let details = PublicationDetails(by: by, contentType: record.contentType, annotations: record.annotations)
        return try await destination.untilCurrent("while \"\(path)\" was promoted") {
            (opened) async throws(StoreError) -> Round<Published>? in
            let secured = try await opened.secure(record, details, from: source)
            do throws(StoreError) { return try await opened.publish(secured, at: path, by: by) } catch
                where error.code == .notFound
            {
                return nil  // A collector was faster: bring the content once more.
            }
        }
    }
}

extension OpenFeed {
    /// Step 1 of a publication for content that another feed names.
    fileprivate func secure(
        _ record: PackageRecord, _ details: PublicationDetails, from source: OpenFeed
    ) async throws(StoreError) -> SecuredContent {
        let found = try await verifiedHere(record)
        if let linked = try await link(record, from: source, found) { return linked }
        let staged = try await stage(record.summary, from: source)
        var secured = try await secure(staged, details) { (digest) async throws(StoreError) in
            try await published(at: record.path)?.digest == digest
        }
        secured.verified = found ?? .now
        return secured
    }

    /// The same without moving bytes, for content that was found whole.
    /// - Returns: nil where the storages cannot, the content is not whole in its place, or the digests that this feed
    ///   asks for are not known yet.
    private func link(
        _ record: PackageRecord, from source: OpenFeed, _ found: Published.Verified?
    ) async throws(StoreError) -> SecuredContent? {
        guard extras.allSatisfy({ record.digests?[$0.rawValue] != nil }) else { return nil }
        let described = PackageContent(record)
        if try await content.refresh(record.summary) {
            return SecuredContent(content: described, verified: found ?? .now)
        }
        let blob = FeedLayout.blob(record.digest)
        let lacksIt = try await published(at: record.path)?.digest == record.digest
        guard try await isSameKind(of: source, blob), let found = try await source.verified(record) else { return nil }
        do {
            let outcome = try await storage.copyObject(from: source.storage, blob, to: blob)
            return SecuredContent(content: described, isHealed: outcome != .present && lacksIt, verified: found)
        } catch  where error.code == .unsupported || error.code == .notFound {
            return nil
        }
    }

    /// When what this feed has of the content already was found whole: it is what the record will name. Damaged, it is
    /// set aside.
    private func verifiedHere(_ record: PackageRecord) async throws(StoreError) -> Published.Verified? {
        guard try await content.stat(record.digest) != nil else { return nil }
        if let found = try await verified(record) { return found }
        try await content.quarantine(record.digest, why: "damaged, found while promoting", by: "promote")
        return nil
    }

    /// When the blob in its place was found whole: as the ledger of checks tells, else by reading it now.
    /// - Returns: nil when it is absent or damaged.
    private func verified(_ record: PackageRecord) async throws(StoreError) -> Published.Verified? {
        guard let info = try await content.stat(record.digest), info.size == record.size else { return nil }
        let ledger = try await CheckLedger.read(storage).ledger
        if let time = ledger.freshTime(of: record.digest, info) { return .earlier(time) }
        do { return try await content.isGood(FeedLayout.blob(record.digest), record.digest) ? .now : nil } catch
            where error.code == .notFound
        {
            return nil
        }
    }

    /// Whether a copy without moving bytes can be hoped for, so that the content is not read twice elsewhere.
    private func isSameKind(of source: OpenFeed, _ key: Key) async throws(StoreError) -> Bool {
        let (here, there) = (try await storage.place(of: key).storage, try await source.storage.place(of: key).storage)
        return type(of: here) == type(of: there)
    }
}
