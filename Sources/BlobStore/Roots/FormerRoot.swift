/// A root that a feed was in before, or that a migration to was given up: it stands until it is deleted.
public struct FormerRoot: Sendable, Equatable, Codable {
    /// Nil for the feed's place in the server root.
    public let root: RootURL?
    /// The id that the marker there carries.
    public let id: String
    /// Since when it is a former one.
    public let since: Timestamp
    /// Who migrated the feed away.
    public let by: String
    /// Set before anything of it is deleted. From then on the feed cannot come back, since something may be gone.
    public internal(set) var deletion: Deletion?

    /// Who deletes a former root.
    public struct Deletion: Sendable, Equatable, Codable {
        /// A process that began to delete and has not said that it ended.
        public struct Run: Sendable, Equatable, Codable {
            /// A UUID.
            public let id: String
            /// The node that deletes.
            public let node: String
            /// Since when, in UTC.
            public let since: Timestamp
        }

        /// A run that is listed here may still delete, however long it was paused: until then the place is closed.
        public internal(set) var runs: [Run]
        /// Whether all of it is gone.
        public internal(set) var isDone: Bool
        /// Whether it is set aside, and not deleted.
        public internal(set) var isSetAside: Bool
    }
}

extension FeedRecord {
    /// The roots that the feed was in before, the oldest first, until they are deleted.
    public var formerRoots: [FormerRoot] {
        let all = formers ?? []
        guard let former, !all.contains(where: { $0.id == former.id }) else { return all }
        return all + [former]
    }

    /// Notes a root that is not the feed's any more.
    mutating func leave(_ root: RootURL?, id: String, by: String) {
        if formerRoots.contains(where: { $0.id == id }) { return }
        set(formerRoots + [FormerRoot(root: root, id: id, since: .now, by: by)])
    }

    /// Forgets a former root: the feed is there again, or nothing of it is left.
    mutating func forget(formerRoot id: String) {
        set(formerRoots.filter { $0.id != id })
    }

    /// Changes what is known of a former root.
    mutating func change(formerRoot id: String, _ change: (inout FormerRoot) -> Void) {
        set(
            formerRoots.map { former in
                var next = former
                if former.id == id { change(&next) }
                return next
            })
    }
}

extension FeedRecord {
    /// - Throws: `migrating` while the feed is on its way; `preconditionFailed` when it has left this catalog;
    ///   `notFound` while it is being deleted.
    func expectSettled() throws(StoreError) {
        if state == .deleting { throw isBeingDeleted }
        try expectInCharge()
        try expectArrived()
        if migration == nil && state == .active { return }
        let place = migration?.root?.description ?? "the server root"
        throw StoreError(
            .migrating,
            "the feed \"\(feed)\" is being migrated to \(place); finish that, or cancel it with \"blobtool migrate "
                + "\(feed) --abort\"")
    }
}
