extension OpenFeed {
    /// Whether a record is a tombstone that nobody can undo any more, by the grace period of the feed: by what its
    /// writer's clock said, and by the storage's own clock, so that no wrong clock of a node shortens it.
    /// - Parameter listed: what a listing with details told of the record, where that is at hand.
    func isExpired(_ record: PackageRecord, listed: ObjectInfo? = nil) async throws(StoreError) -> Bool {
        guard let deleted = record.deleted, Timestamp.now.seconds - deleted.at.seconds > self.record.graceSeconds else {
            return false
        }
        return try await age(of: record.path.key, listed) > .seconds(self.record.graceSeconds)
    }

    /// Time since a record was last written, by the storage's own clock; zero where that is not to be found out.
    private func age(of key: Key, _ listed: ObjectInfo?) async throws(StoreError) -> Duration {
        if let place = try await storage.capability((any FormerVersions).self, at: key) {
            return try await place.storage.recordAge(place.key) ?? .zero
        }
        if let listed { return listed.age }
        // From just before its name: it is among the first.
        let before = Key(trusted: String(key.text.dropLast()))
        var pages = storage.list(ListRequest(key.folder, startAfter: before, isFlat: true, wantsDetails: true))
            .makeAsyncIterator()
        for case .key(key, let info?) in try await pages.next() ?? [] { return info.age }
        return .zero
    }

    /// So long after it last grew, an upload or a write that was begun is taken for a dead process's.
    var leftoverAge: Duration { record.leftoverAge }
}

extension FeedRecord {
    /// The grace period, but at least an hour, however short that is.
    var leftoverAge: Duration { .seconds(max(graceSeconds, 3_600)) }
}
