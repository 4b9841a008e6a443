extension Feed {
    /// Deletes a package: its record becomes a tombstone, which ``restore(_:revision:by:)`` undoes.
    /// - Throws: `notFound` when it was never published or is deleted already.
    public func remove(_ path: PackagePath, by: String) async throws(StoreError) {
        let act = PackageRecord.Act(at: .now, by: by)
        try await currently { (visit, isRepeated) async throws(StoreError) in
            _ = try await visit.change(path) { (stored) throws(StoreError) in
                if isRepeated && stored.body.deleted != nil { return nil }
                try visit.expectPresent(stored.body)
                return stored.body.deleted(act, revision: stored.document.revision)
            }
        }
    }

    /// Whether a package could be deleted now; nothing is written.
    /// - Throws: as ``remove(_:by:)`` does.
    package func foreseeRemoval(of path: PackagePath) async throws(StoreError) {
        let visit = try await visitForWriting()
        try visit.expectPresent(try await visit.existing(path).body)
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
        return try await currently { (visit, isRepeated) async throws(StoreError) in
            try await visit.restore(path, revision, act, isRepeated: isRepeated)
        }
    }

    /// Changes records, and does so again where the feed moved meanwhile, so that nothing is reported done that a
    /// migration did not see.
    private func currently<Value: Sendable>(
        _ change: (_ visit: FeedVisit, _ isRepeated: Bool) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        for attempt in 0..<8 {
            let visit = try await visitForWriting()
            let value = try await change(visit, attempt > 0)
            if try await visit.isCurrent() { return value }
        }
        throw StoreError(.unavailable, "the feed \"\(name)\" kept changing meanwhile: try again")
    }
}

extension FeedVisit {
    /// Restores, and settles with the collector; what cannot be settled is undone.
    fileprivate func restore(
        _ path: PackagePath, _ revision: String?, _ act: PackageRecord.Act, isRepeated: Bool
    ) async throws(StoreError) -> PackageRecord {
        var before: PackageRecord?
        let now = try await change(path) { (stored) throws(StoreError) in
            before = stored.body
            if isRepeated && stored.body.restored == act { return nil }
            return try restored(stored, revision, act)
        }
        do { try await content.settle(now.body.summary, nil) } catch  where error.code == .notFound {
            if let before {
                // Another's write in between is newer than both, and stays.
                do { _ = try await storage.replace(path.key, now, with: before) } catch
                    where
                    error.code == .preconditionFailed
                {}
            }
            throw StoreError(
                .notFound, "the content of \"\(path)\" (\(now.body.digest)) is gone for good: publish it again")
        }
        return now.body
    }

    /// Replaces a package's record by compare-and-swap, again while others win the race.
    /// - Parameter change: the next record; nil to leave it.
    fileprivate func change(
        _ path: PackagePath, _ change: (Stored<PackageRecord>) throws(StoreError) -> PackageRecord?
    ) async throws(StoreError) -> Stored<PackageRecord> {
        var backoff = Backoff()
        while true {
            let stored = try await existing(path)
            guard let next = try change(stored) else { return stored }
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

    fileprivate func expectPresent(_ record: PackageRecord) throws(StoreError) {
        guard record.deleted != nil else { return }
        throw StoreError(.notFound, "\"\(record.path)\" is deleted in feed \"\(feed.name)\" already")
    }

    /// What a restoration writes.
    private func restored(
        _ stored: Stored<PackageRecord>, _ revision: String?, _ act: PackageRecord.Act
    ) throws(StoreError) -> PackageRecord {
        let record = stored.body
        guard let revision else {
            guard record.deleted != nil else {
                throw StoreError(
                    .alreadyExists, "\"\(record.path)\" is not deleted: name a revision of its log to go back to")
            }
            return record.restored(act, revision: stored.document.revision)
        }
        guard let state = record.previous?.first(where: { $0.revision == revision }) else {
            throw StoreError(.notFound, "\"\(record.path)\" has no revision \(revision) in its log")
        }
        guard record.deleted != nil || self.record.mutable || state.digest == record.digest else {
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
