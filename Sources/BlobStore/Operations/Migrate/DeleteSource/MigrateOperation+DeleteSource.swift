extension MigrateOperation {
    /// What becomes of a former root.
    public enum Disposal: Sendable {
        case delete
        /// It stays as it is, under an id that no catalog knows, for a person to look at, repair from and remove.
        case setAside
    }

    /// Frees the roots that the feed was in before, after making sure that the present one has everything: each blob
    /// there is read and hashed, whatever was verified before.
    /// - Returns: the former roots that are closed to the feed, since a run that began to delete them was not seen to
    ///   end.
    /// - Throws: `notFound` when there is no former root; `migrating`; `corrupt` when something is missing or damaged
    ///   in the present root, and then nothing is deleted.
    @discardableResult
    public func deleteSource(_ disposal: Disposal = .delete) async throws(StoreError) -> [FormerRoot] {
        try await holdingLease { (lease) async throws(StoreError) in
            let record = try await feed.record()
            try record.expectSettled()
            let left = record.formerRoots.filter { $0.deletion?.isDone != true }
            guard !left.isEmpty else {
                let closed = record.formerRoots.first.map { ": \(feed.store.closed($0, of: feed.name).message)" }
                throw StoreError(
                    .notFound, "the feed \"\(feed.name)\" has no former root to delete\(closed ?? "")")
            }
            try await options.awaitNodes?()
            for former in left { try await SourceDeletion(self, of: former, disposal: disposal, under: lease)() }
            return try await feed.record().formerRoots
        }
    }

    /// The feed's former roots, each with its place and whether all of it is gone.
    public var formerRoots: [(place: RootURL, isDone: Bool)] {
        get async throws(StoreError) {
            try await feed.record().formerRoots.map { (place($0.root), $0.deletion?.isDone == true) }
        }
    }

    /// Why a former root's place is closed to the feed, and what to do.
    public func sentence(closed former: FormerRoot) -> String { feed.store.closed(former, of: feed.name).message }

    /// Opens the places again that were closed since a run that was deleting there was not seen to end.
    ///
    /// To be said by a person who knows that those processes are gone: one that is only paused would go on deleting.
    /// - Throws: `notFound` when no place is closed.
    public func reopen() async throws(StoreError) {
        try await holdingLease { (_) async throws(StoreError) in
            guard try await feed.record().formerRoots.contains(where: { $0.deletion?.isDone == true }) else {
                throw StoreError(.notFound, "no place is closed to the feed \"\(feed.name)\"")
            }
            _ = try await feed.store.catalog.update(feed.name) { (record) throws(StoreError) in
                var next = record
                for former in record.formerRoots where former.deletion?.isDone == true {
                    next.forget(formerRoot: former.id)
                }
                return next
            }
        }
    }

    /// Forgets the former roots of which nothing is left, and where nobody is at work.
    func forgetDone() async throws(StoreError) {
        _ = try await feed.store.catalog.update(feed.name) { (record) throws(StoreError) in
            var next = record
            for former in record.formerRoots {
                if let deletion = former.deletion, deletion.isDone, deletion.runs.isEmpty {
                    next.forget(formerRoot: former.id)
                }
            }
            return next == record ? nil : next
        }
    }
}
