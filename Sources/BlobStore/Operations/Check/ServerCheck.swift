/// The check of a server root itself: its catalog, and what else stands in it.
struct ServerCheck: Sendable {
    private let store: PackageStore
    private let tally: CheckTally

    init(_ store: PackageStore, _ tally: CheckTally) {
        self.store = store
        self.tally = tally
    }

    private var storage: any Storage { store.server.storage }

    /// - Returns: the names of the feeds whose records are sound.
    func run() async throws(StoreError) -> [FeedName] {
        try await store.server.verify()
        let known: Set = [FeedLayout.marker.text, Catalog.folder.text, "cluster/", "feeds/", "lost+found/"]
        try await tally.expect(known, in: .root, of: storage, else: "no part of a server root")
        let names = try await catalog()
        let places = Set(names.map { Catalog.place($0).text })
        try await tally.expect(places, in: KeyPrefix(trusted: "feeds/"), of: storage, else: "of no feed in the catalog")
        return names.sorted()
    }

    /// Feeds whose record is damaged can't be looked at: a finding, and a gap.
    private func catalog() async throws(StoreError) -> [FeedName] {
        var names: [FeedName] = []
        for try await page in storage.list(ListRequest(Catalog.folder, wantsDetails: true)) {
            for entry in page {
                guard case .key(let key, _) = entry else {
                    tally.add(oddity: entry)
                    continue
                }
                guard key.isRecord, let name = try? FeedName(String(key.name.dropLast(5))), Catalog.key(name) == key
                else {
                    tally.add(.unexpectedObject, key: key.text, "\(key) is no feed's record: move it away")
                    continue
                }
                if try await isSound(name, key) { names.append(name) }
            }
        }
        return names
    }

    private func isSound(_ name: FeedName, _ key: Key) async throws(StoreError) -> Bool {
        do throws(StoreError) {
            return try await store.catalog.find(name) != nil
        } catch {
            if error.code == .cancelled { throw error }
            if error.code == .corrupt {
                tally.add(.badRecord, key: key.text, "\(error.message): bring it back from a backup")
            }
            tally.incomplete(error)
            return false
        }
    }
}
