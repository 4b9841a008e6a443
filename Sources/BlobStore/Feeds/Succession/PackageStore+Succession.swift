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
                guard let note = try await Succession.find(in: root.storage)?.body, note.state == .done else {
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
        guard let note = try await Succession.find(in: server.storage)?.body, note.isClosed else { return nil }
        return try await successors.store(note.root, id: note.id, for: self)
    }

    private static func circle(at url: RootURL) -> StoreError {
        StoreError(
            .wrongRoot,
            "\(url) names a successor that names another, over \(maximumSuccessors) of them: name the server root that "
                + "is in use")
    }
}
