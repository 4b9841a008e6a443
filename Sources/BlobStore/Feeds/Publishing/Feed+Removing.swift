extension Feed {
    /// Deletes a package: its record becomes a tombstone, which ``restore(_:revision:by:)`` undoes.
    ///
    /// One that is deleted already is as it should be, so that a command that was stopped can be given again.
    /// - Parameter condition: what must be published at the path; nil for anything.
    /// - Returns: whether this call deleted it.
    /// - Throws: `notFound` when it was never published; `preconditionFailed` where the condition is not met, also by a
    ///   package that is deleted already.
    @discardableResult
    public func remove(
        _ path: PackagePath, if condition: Condition? = nil, by: String
    ) async throws(StoreError) -> Bool {
        let act = PackageRecord.Act(at: .now, by: by)
        var isMine = false
        return try await untilCurrent("meanwhile") { (opened) async throws(StoreError) -> Round<Bool>? in
            var writes = false
            if let condition, try await opened.readable(path) == nil { try condition.check(nil, at: path) }
            let now = try await opened.change(path) { (stored) throws(StoreError) in
                // Called again, it finds that another's write came first.
                writes = stored.body.deleted == nil
                // An earlier round may have deleted it.
                if !isMine || stored.body.deleted != act { try condition?.check(stored, at: path) }
                if writes { return stored.body.deleted(act, revision: stored.document.revision) }
                // It may be another's work that no disk holds yet.
                try await opened.storage.flushRecord(path.key)
                return nil
            }
            isMine = (isMine || writes) && now.body.deleted == act
            return Round(value: isMine)
        }
    }

    /// Whether a package would be deleted now; nothing is written.
    /// - Throws: as ``remove(_:if:by:)`` does.
    package func previewRemoval(of path: PackagePath) async throws(StoreError) -> Bool {
        try await openForWriting().existing(path).body.deleted == nil
    }

    /// Brings back a deleted package, or a former revision of one in a mutable feed.
    /// - Parameter revision: the former revision, by its name in the history; nil for what was deleted.
    /// - Throws: `notFound` when there is nothing to restore, or its content is gone for good (the tombstone then
    ///   stays); `alreadyExists` when it is not deleted.
    /// - Returns: the record as it stands now.
    @discardableResult
    public func restore(
        _ path: PackagePath, revision: String? = nil, by: String
    ) async throws(StoreError) -> PackageRecord {
        let act = PackageRecord.Act(at: .now, by: by)
        var isRepeated = false
        return try await untilCurrent("meanwhile") { (opened) async throws(StoreError) -> Round<PackageRecord>? in
            defer { isRepeated = true }
            return Round(value: try await opened.restore(path, to: revision, by: act, isRepeated: isRepeated))
        }
    }
}

extension OpenFeed {
    /// Steps 1 to 3 of a publication for content that the record named before: it is there; the record names it again;
    /// it is still there.
    fileprivate func restore(
        _ path: PackagePath, to revision: String?, by act: PackageRecord.Act, isRepeated: Bool
    ) async throws(StoreError) -> PackageRecord {
        var before: PackageRecord?
        let now = try await change(path) { (stored) async throws(StoreError) in
            before = nil
            if isRepeated && stored.body.restored == act { return nil }
            let next = try restored(stored, to: revision, by: act)
            do throws(StoreError) { try await content.previewReading(next.digest, size: next.size) } catch
                where error.code == .notFound || error.code == .corrupt
            {
                throw isGone(next)
            }
            before = stored.body
            return next
        }
        let recorded = before.map { Recorded(.replaced, now, over: $0) } ?? Recorded(unchanged: now)
        // Always by looking at it, whatever the gate says: it may have been found among what is retired.
        do throws(StoreError) { try await settle(recorded, of: now.body.summary, from: nil) } catch {
            throw error.code == .notFound ? isGone(now.body) : error
        }
        return now.body
    }

    private func isGone(_ record: PackageRecord) -> StoreError {
        StoreError(
            .notFound, "the content of \"\(record.path)\" (\(record.digest)) is gone for good; publish it again"
        ).under(.contentGone)
    }

    /// Replaces a package's record by compare-and-swap, again while others win the race.
    /// - Parameter change: the next record; nil to leave it.
    func change(
        _ path: PackagePath, _ change: (Stored<PackageRecord>) async throws(StoreError) -> PackageRecord?
    ) async throws(StoreError) -> Stored<PackageRecord> {
        var backoff = Backoff()
        while true {
            let stored = try await existing(path)
            guard let next = try await change(stored) else { return stored }
            do { return try await storage.replace(path.key, stored, with: next) } catch
                where
                error.code == .preconditionFailed
            {
                try await backoff.wait(or: error)
            }
        }
    }

    /// The record of a path, of a deleted package too.
    fileprivate func existing(_ path: PackagePath) async throws(StoreError) -> Stored<PackageRecord> {
        if let stored = try await package(path) { return stored }
        throw StoreError(.notFound, "\"\(path)\" was never published in feed \"\(feed.name)\"")
    }

    /// What a restoration writes.
    private func restored(
        _ stored: Stored<PackageRecord>, to revision: String?, by act: PackageRecord.Act
    ) throws(StoreError) -> PackageRecord {
        let record = stored.body
        guard let revision else {
            guard record.deleted != nil else {
                throw StoreError(
                    .alreadyExists, "\"\(record.path)\" is not deleted; name a revision of its log to restore")
            }
            return record.restored(act, revision: stored.document.revision)
        }
        guard let state = record.previous?.first(where: { $0.revision == revision }) else {
            throw StoreError(.notFound, "\"\(record.path)\" has no revision \(revision) in its log")
        }
        guard record.deleted != nil || self.record.admitsReplacing(record.path) || state.digest == record.digest else {
            throw StoreError(
                .alreadyExists, "\"\(record.path)\" has other content, and the feed \"\(feed.name)\" is immutable")
        }
        return record.restored(to: state, act, revision: stored.document.revision)
    }
}

extension PackageRecord {
    /// The record with the content of a former state.
    fileprivate func restored(to state: State, _ act: Act, revision: String) -> PackageRecord {
        var next = restored(act, revision: revision)
        next.digest = state.digest
        next.size = state.size
        next.published = state.published
        next.publishedBy = state.publishedBy
        next.contentType = state.contentType
        next.digests = state.digests
        next.annotations = state.annotations
        return next
    }
}
