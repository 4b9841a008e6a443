extension FeedVisit {
    /// Whether a record is a tombstone that nobody can undo any more, by the grace period of the feed and by what its
    /// writer's clock said.
    func isExpired(_ record: PackageRecord) -> Bool {
        guard let deleted = record.deleted else { return false }
        return Timestamp.now.seconds - deleted.at.seconds > self.record.graceSeconds
    }

    /// So long after it last grew, an upload or a write that was begun is taken for a dead process's: the grace period,
    /// but at least an hour, however short that is.
    var leftoverAge: Duration { .seconds(max(record.graceSeconds, 3_600)) }
}
