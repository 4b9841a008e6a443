extension ServerMigration {
    /// Makes the new server root, and notes in the old one that it goes there, so that another machine continues with
    /// the same.
    func begin(_ url: RootURL) async throws(StoreError) -> (successor: Root, note: Stored<ServerHandover>) {
        let note = try await ServerHandover.find(in: store.server.storage)
        if let note, note.body.state != .givenUp {
            guard note.body.root == url else { throw onItsWay(note.body) }
            let successor = try await Root.open(
                url, Root.Identity(.server, id: note.body.id), with: store.opener)
            return (successor, note)
        }
        try await refuse(url, note?.body)
        try await expectPredecessorDone()
        let (successor, isNew) = try await Root.create(
            url, Root.Identity(.server, server: store.rootID), with: store.opener)
        do throws(StoreError) {
            if !isNew && successor.marker.server != store.rootID { throw isOfItsOwn(url) }
            try await announce(at: successor)
            let next = ServerHandover(root: url, id: successor.id, since: .now, by: options.by, state: .copying)
            let storage = store.server.storage
            let stored =
                if let note { try await storage.replace(ServerHandover.key, note, with: next) } else {
                    try await storage.create(ServerHandover.key, next)
                }
            return (successor, stored)
        } catch {
            await successor.storage.close()
            throw error
        }
    }

    /// Notes in the new server root whose feeds it takes over.
    private func announce(at successor: Root) async throws(StoreError) {
        if try await Predecessor.find(in: successor.storage) != nil { return }
        let note = Predecessor(root: store.url, id: store.rootID, since: .now, by: options.by)
        _ = try await successor.storage.create(Predecessor.key, note)
    }

    /// Notes in the new server root that all feeds have arrived.
    func sayArrived(at successor: Root) async throws(StoreError) {
        _ = try await successor.storage.update(Predecessor.key, as: Predecessor.self) { (note) throws(StoreError) in
            var next = note
            next.isDone = true
            return next == note ? nil : next
        }
    }

    /// - Throws: `migrating` while feeds still arrive here from another server root.
    private func expectPredecessorDone() async throws(StoreError) {
        guard let note = try await Predecessor.find(in: store.server.storage)?.body, !note.isDone else { return }
        throw StoreError(
            .migrating,
            "the server root \(note.root) is being migrated to this one; finish that first, with \"blobtool migrate "
                + "--server --to \(store.url) --root \(note.root)\"")
    }

    func advance(
        _ note: Stored<ServerHandover>, to state: ServerHandover.State
    ) async throws(StoreError) -> Stored<ServerHandover> {
        var next = note.body
        next.state = state
        return try await store.server.storage.replace(ServerHandover.key, note, with: next)
    }

    /// Gives the move up, as long as no feed's record was handed over. Feeds that are in the new server root already
    /// stay there, as feeds with roots of their own.
    /// - Throws: `notFound` when the server root is not on its way; `migrating` when it is too late.
    public func abort() async throws(StoreError) {
        try await holdingLease { () async throws(StoreError) in
            guard let note = try await ServerHandover.find(in: store.server.storage), note.body.state != .givenUp else {
                throw StoreError(.notFound, "the server root \(store.url) is not being migrated")
            }
            guard note.body.state == .copying else {
                throw StoreError(
                    .migrating,
                    "the server root \(store.url) is already handing its feeds over to \(note.body.root); finish that with "
                        + "\"blobtool migrate --server --to \(note.body.root)\"")
            }
            for try await page in store.catalog.names() {
                for name in page { try await abort(name, on: note.body) }
            }
            _ = try await advance(note, to: .givenUp)
        }
    }

    private func abort(_ name: FeedName, on note: ServerHandover) async throws(StoreError) {
        let record = try await store.catalog.feed(name).body
        guard record.migration?.root == note.root.appending(Catalog.place(name)) else { return }
        try await MigrateOperation(Feed(name, in: store), options) { report(.feed(name, $0)) }.abort()
    }

    /// Frees the former roots of every feed, as ``MigrateOperation/deleteSource(_:)`` does for one.
    /// - Returns: how many feeds had any, and how many could not be freed of them, each of which was reported.
    public func deleteSources(_ disposal: MigrateOperation.Disposal = .delete) async throws(StoreError) -> Summary {
        var summary = Summary()
        // Once for all feeds, which have moved before.
        try await options.awaitNodes?()
        var options = options
        options.awaitNodes = nil
        try await eachFeed(&summary) { [options] (name, summary) async throws(StoreError) in
            let feed = try await store.feed(name)
            guard try await feed.record().formerRoots.contains(where: { $0.deletion?.isDone != true }) else { return }
            try await MigrateOperation(feed, options) { report(.feed(name, $0)) }.deleteSource(disposal)
            summary.feeds += 1
        }
        return summary
    }

    /// - Parameter note: what the server root says of its successor. What a move to the same place has left there is no
    ///   reason to refuse the place, given up or not.
    /// - Throws: when the place cannot be a server root beside this one, or another is its successor.
    func refuse(_ url: RootURL, _ note: ServerHandover?) async throws(StoreError) {
        if let note, note.root == url { return }
        if let note, note.state != .givenUp { throw onItsWay(note) }
        try await store.refuseOverlap(ofServer: url)
    }

    private func onItsWay(_ note: ServerHandover) -> StoreError {
        StoreError(
            .migrating,
            "the server root \(store.url) is being migrated to \(note.root); finish that, or cancel it with "
                + "--server --abort")
    }

    private func isOfItsOwn(_ url: RootURL) -> StoreError {
        StoreError(
            .alreadyExists, "\(url) is a server root of its own; choose an empty place, or migrate feed by feed")
    }
}
