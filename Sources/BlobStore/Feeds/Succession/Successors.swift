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
