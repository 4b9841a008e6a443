/// The names of all feeds of a store, or of the one that took over all of its feeds, page by page.
actor FeedNames {
    private let store: PackageStore
    private var fetch: AsyncPull<[FeedName]>.Fetch?

    init(_ store: PackageStore) {
        self.store = store
    }

    func next() async throws(StoreError) -> [FeedName]? {
        if let fetch { return try await fetch() }
        let note = try await Succession.find(in: store.server.storage)?.body
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
