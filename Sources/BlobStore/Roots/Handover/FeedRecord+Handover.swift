extension FeedRecord {
    /// The other server root of a feed record that goes from one catalog to another.
    public struct Handover: Sendable, Equatable, Codable {
        /// The other server root.
        public let root: RootURL
        /// The id that the marker there carries.
        public let id: String
        /// When, in UTC.
        public let at: Timestamp
        /// By which node.
        public let by: String

        init(_ server: Root, by: String) {
            root = server.url
            id = server.id
            at = .now
            self.by = by
        }
    }

    /// This record as it stands in the catalog of the successor until this one says that it has moved.
    ///
    /// What stands in the old server root by its place there is named by its URL, for it is no place in the new one.
    func arriving(from old: Root, at new: Root, by: String) -> FeedRecord {
        let place = Catalog.place(feed)
        let home = old.url.appending(place)
        let present = root ?? home
        var next = self
        next.set(
            formerRoots.map { former in
                FormerRoot(
                    root: former.root ?? home, id: former.id, since: former.since, by: former.by,
                    deletion: former.deletion)
            })
        next.predecessor = Handover(old, by: by)
        next.successor = nil
        next.change(to: .arriving, root: present == new.url.appending(place) ? nil : present, id: id)
        return next
    }

    /// This record once the successor's is the one in charge.
    func moved(to new: Root, by: String) -> FeedRecord {
        var next = self
        next.successor = Handover(new, by: by)
        next.change(to: .moved, root: root, id: id)
        return next
    }

    /// This record in the successor's catalog, in charge. What publishers rely on does not change by that.
    func arrived() -> FeedRecord {
        var next = self
        next.state = .active
        return next
    }

    /// - Throws: `preconditionFailed` when another catalog is in charge of the feed.
    func expectInCharge() throws(StoreError) {
        if let successor, state == .moved {
            throw StoreError(
                .preconditionFailed,
                "the feed \"\(feed)\" was handed over to the server root \(successor.root) meanwhile; try again")
        }
    }

    /// - Throws: `migrating` when the catalog that has this record is not in charge of the feed yet.
    func expectArrived() throws(StoreError) {
        if let predecessor, state == .arriving {
            throw StoreError(
                .migrating,
                "the feed \"\(feed)\" is being handed over by the server root \(predecessor.root); run \"blobtool "
                    + "migrate --server\" there again")
        }
    }
}
