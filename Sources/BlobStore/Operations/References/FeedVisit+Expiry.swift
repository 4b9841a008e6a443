extension FeedVisit {
    /// Whether a record is a tombstone that nobody can undo any more, by the grace period of the feed.
    func isExpired(_ record: PackageRecord) -> Bool {
        guard let deleted = record.deleted else { return false }
        return Timestamp.now.seconds - deleted.at.seconds > self.record.graceSeconds
    }
}
