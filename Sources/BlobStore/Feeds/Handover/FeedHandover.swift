/// Hands a feed's record over from one catalog to another, while nodes use the feed by either.
///
/// At any time one catalog is in charge: the old one until its record says "moved", the new one from then on. The new
/// one gets its record first, as one that is arriving, and nobody uses that until the old one says that it has moved;
/// that is said only over the very version that was copied. The new catalog is read before the old one, so that a run
/// that was paused with an old copy in hand cannot put it over a later one. The feed's root stays where it is.
///
/// It can be stopped anywhere and run again by anybody. Any number may do it at once.
struct FeedHandover: Sendable {
    private let store: PackageStore
    private let successor: Root
    private let by: String

    init(_ store: PackageStore, to successor: Root, by: String) {
        self.store = store
        self.successor = successor
        self.by = by
    }

    private var theirs: Catalog { Catalog(successor) }

    /// - Returns: the feed's record at the successor.
    /// - Throws: `alreadyExists` when the successor has a feed of that name of its own; `migrating` while the feed is
    ///   on its way to another root, or a former one is being deleted.
    func callAsFunction(_ name: FeedName) async throws(StoreError) -> FeedRecord {
        var backoff = Backoff()
        while true {
            do throws(StoreError) {
                return try await handOver(name)
            } catch  where error.code == .preconditionFailed {
                try await backoff.wait(or: error)
            }
        }
    }

    private func handOver(_ name: FeedName) async throws(StoreError) -> FeedRecord {
        let there = try await theirs.find(name)
        let here = try await store.catalog.existing(name)
        if here.body.state == .moved { return try await arrive(name) }
        try here.body.expectReadyToMove()
        let arriving = here.body.arriving(from: store.server, at: successor, by: by)
        if let there {
            try expectArriving(there.body)
            _ = try await theirs.replace(there, with: arriving)
        } else {
            _ = try await successor.storage.create(Catalog.key(name), arriving)
        }
        _ = try await store.catalog.replace(here, with: here.body.moved(to: successor, by: by))
        return try await arrive(name)
    }

    /// Notes at the successor that it is in charge, as it is already.
    private func arrive(_ name: FeedName) async throws(StoreError) -> FeedRecord {
        try await theirs.update(name) { (record) throws(StoreError) in
            record.state == .arriving && record.predecessor?.id == store.rootID ? record.arrived() : nil
        }.body
    }

    private func expectArriving(_ record: FeedRecord) throws(StoreError) {
        if record.state == .arriving && record.predecessor?.id == store.rootID { return }
        throw StoreError(
            .alreadyExists,
            "the server root \(successor.url) has a feed \"\(record.feed)\" of its own; delete one of the two first")
    }
}

extension FeedRecord {
    /// - Throws: `migrating`, `notFound`.
    fileprivate func expectReadyToMove() throws(StoreError) {
        try expectSettled()
        if formerRoots.contains(where: { $0.deletion?.isDone == false }) {
            throw StoreError(
                .migrating,
                "a former root of the feed \"\(feed)\" is being deleted; finish that with \"blobtool migrate \(feed) "
                    + "--delete-source\" first")
        }
    }
}
