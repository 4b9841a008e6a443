extension PackageStore {
    /// How many server roots may send on to one another.
    static var maximumSuccessors: Int { 8 }

    /// Opens the server root that is in charge: the one at the place, or the one that took over all of its feeds.
    static func serverInCharge(
        _ url: RootURL, id: String?, with opener: any StorageOpener
    ) async throws(StoreError) -> Root {
        var next = (url: url, id: id)
        for _ in 0...maximumSuccessors {
            let root = try await Root.open(next.url, Root.Identity(.server, id: next.id), with: opener)
            do throws(StoreError) {
                guard let note = try await ServerHandover.find(in: root.storage)?.body, note.state == .done else {
                    return root
                }
                next = (note.root, note.id)
            } catch {
                await root.storage.close()
                throw error
            }
            await root.storage.close()
        }
        throw circle(at: url)
    }

    /// The catalog in charge of a feed, and what it says: this store's, or that of the one it was handed over to.
    /// - Throws: `notFound`; `migrating` for a feed that has not arrived here yet.
    func locate(_ name: FeedName) async throws(StoreError) -> (store: PackageStore, record: FeedRecord) {
        var store = self
        var predecessor: PackageStore?
        for _ in 0...Self.maximumSuccessors {
            guard let record = try await store.catalog.find(name)?.body else {
                guard let next = try await store.successorOfClosed() else { throw store.catalog.absence(name) }
                store = next  // It may have been made there.
                continue
            }
            guard record.state == .moved, let successor = record.successor else {
                // Sent here by the catalog that it comes from: that one says that it has moved.
                if record.predecessor?.id != predecessor?.rootID { try record.expectArrived() }
                return (store, record)
            }
            predecessor = store
            store = try await store.successors.store(successor.root, id: successor.id, for: store)
        }
        throw Self.circle(at: url)
    }

    /// The store that is in charge of a feed where that is another than this one.
    func storeElsewhere(of name: FeedName) async throws(StoreError) -> PackageStore? {
        let store = try await locate(name).store
        return store === self ? nil : store
    }

    /// The store where feeds are to be made, once this one is closed to new ones.
    func successorOfClosed() async throws(StoreError) -> PackageStore? {
        guard let note = try await ServerHandover.find(in: server.storage)?.body, note.isClosed else { return nil }
        return try await successors.store(note.root, id: note.id, for: self)
    }

    private static func circle(at url: RootURL) -> StoreError {
        StoreError(
            .wrongRoot,
            "\(url) has a chain of more than \(maximumSuccessors) successors; name the server root that "
                + "is in use")
    }
}

/// The server roots that this process was sent to by another, so that each is opened once.
package actor Successors {
    private var open: [String: PackageStore] = [:]

    /// The store of a successor, opened the first time.
    /// - Throws: what opening throws.
    func store(
        _ url: RootURL, id: String, for predecessor: PackageStore
    ) async throws(StoreError) -> PackageStore {
        if let known = open[id] { return known }
        let store = try await PackageStore.open(
            url, node: predecessor.node, rootID: id, with: predecessor.opener)
        if let raced = open[id] {
            await store.close()
            return raced
        }
        open[id] = store
        return store
    }

    func close() async {
        let stores = open.values
        open = [:]
        for store in stores { await store.close() }
    }
}

/// The names of all feeds of a store, or of the one that took over all of its feeds, page by page.
actor FeedNames {
    private let store: PackageStore
    private var fetch: AsyncPull<[FeedName]>.Fetch?

    init(_ store: PackageStore) {
        self.store = store
    }

    func next() async throws(StoreError) -> [FeedName]? {
        if let fetch { return try await fetch() }
        let note = try await ServerHandover.find(in: store.server.storage)?.body
        let first: AsyncPull<[FeedName]>.Fetch
        if let note, note.state == .done {
            first = try await store.successors.store(note.root, id: note.id, for: store).feeds().puller()
        } else {
            first = store.catalog.names().puller()
        }
        fetch = first
        return try await first()
    }
}
