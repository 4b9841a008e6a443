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
        let catalog = try await catalog()
        let parts: Set = [FeedLayout.marker.text, Catalog.folder.text, "cluster/", "feeds/", "lost+found/"]
        for folder in [KeyPrefix.root, KeyPrefix(trusted: "feeds/")] {
            let known = parts.union(catalog.feeds.map { Catalog.place($0).text }).union(catalog.places)
            try await lookAround(folder, known, catalog)
        }
        return catalog.sound.sorted()
    }

    /// What the catalog says, as far as it can be read.
    private struct Contents {
        /// All feeds, also those whose records are damaged.
        var feeds: Set<FeedName> = []
        var sound: [FeedName] = []
        /// Folders of the server root in which feeds have roots of their own, had some, or are going to.
        var places: Set<String> = []
        var isWhole = true
    }

    /// Feeds whose record is damaged can't be looked at: a finding, and a gap.
    private func catalog() async throws(StoreError) -> Contents {
        var contents = Contents()
        for try await page in storage.list(ListRequest(Catalog.folder, wantsDetails: true)) {
            for entry in page {
                guard let name = Self.feed(entry) else {
                    tally.add(oddity: entry)
                    if case .key(let key, _) = entry {
                        tally.add(.unexpectedObject, key: key.text, "\(key) is no feed's record: move it away")
                    }
                    continue
                }
                contents.feeds.insert(name)
                do throws(StoreError) {
                    guard let record = try await record(of: name, entry) else { continue }
                    contents.sound.append(name)
                    for place in store.catalog.places(of: record) {
                        contents.places.formUnion(try await folders(of: place))
                    }
                } catch {
                    contents.isWhole = false
                    try add(error, entry)
                }
            }
        }
        return contents
    }

    private func record(of name: FeedName, _ entry: ListEntry) async throws(StoreError) -> FeedRecord? {
        if case .key = entry { return try await store.catalog.find(name)?.body }
        throw StoreError(.corrupt, "\(entry.text) is a symbolic link, device, pipe or socket, and no feed record")
    }

    private func add(_ error: StoreError, _ entry: ListEntry) throws(StoreError) {
        if error.code == .cancelled { throw error }
        if error.code == .corrupt {
            tally.add(.badRecord, key: entry.text, "\(error.message): bring it back from a backup")
        }
        tally.incomplete(error)
    }

    /// The feed whose record stands there, or something in its place.
    private static func feed(_ entry: ListEntry) -> FeedName? {
        if case .access = entry { return nil }
        guard let key = try? Key(entry.text), key.isRecord, let name = try? FeedName(String(key.name.dropLast(5)))
        else {
            return nil
        }
        return Catalog.key(name) == key ? name : nil
    }

    /// The folders on the way to a place that lies in the server root; none for any other.
    private func folders(of place: RootURL) async throws(StoreError) -> [String] {
        let (place, server) = (try await place.resolved(), try await store.server.url.resolved())
        guard place.relation(to: server) == .inside else { return [] }
        let (inner, outer) = (place.segments, server.segments)
        return (outer.count..<inner.count).map { inner[outer.count...$0].map { $0 + "/" }.joined() }
    }
}

extension ServerCheck {
    /// Reports what stands in a folder beside what belongs there.
    private func lookAround(
        _ folder: KeyPrefix, _ known: Set<String>, _ catalog: Contents
    ) async throws(StoreError) {
        for try await page in storage.list(ListRequest(folder, isFlat: true, wantsDetails: true)) {
            for entry in page {
                switch entry {
                case .foreign, .access: tally.add(oddity: entry)
                case .key(let key, _) where !known.contains(key.text):
                    tally.add(.unexpectedObject, key: key.text, "\(key) is no part of a server root: move it away")
                case .folder(let folder) where !known.contains(folder.text):
                    guard let flaw = try await flaw(of: folder, catalog) else { continue }
                    tally.add(.unexpectedObject, key: folder.text, "\(folder.text) \(flaw)")
                case .key, .folder: continue
                }
            }
        }
    }

    /// What to do about a folder that the catalog does not know; nil for one that holds nothing, as the deletion of a
    /// feed may leave it.
    private func flaw(of folder: KeyPrefix, _ catalog: Contents) async throws(StoreError) -> String? {
        if try await isEmpty(folder) { return nil }
        if !catalog.isWhole {
            return "is of no feed whose record can be read: leave it until the damaged records of the catalog are back"
        }
        if try await storage.readRecord(Key(trusted: "\(folder.text)root.json")) != nil {
            return "is a root that no record of the catalog names: bring the feed's record back from a backup, or move "
                + "the folder away when the feed is not wanted any more"
        }
        return "is no part of a server root and of no feed in the catalog: move it away"
    }

    private func isEmpty(_ folder: KeyPrefix) async throws(StoreError) -> Bool {
        for try await page in storage.list(ListRequest(folder)) where !page.isEmpty { return false }
        return true
    }
}

extension RootURL {
    /// The names on the way to the place, below the top of its filesystem or bucket.
    fileprivate var segments: [String] {
        switch place {
        case .file(let path): path.split(separator: "/").map(String.init)
        case .s3(_, let prefix, _): prefix.split(separator: "/").map(String.init)
        }
    }
}
