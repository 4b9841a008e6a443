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
        do throws(StoreError) { try await lookAround(catalog) } catch {
            if error.code == .cancelled { throw error }
            // The feeds can be checked all the same.
            tally.incomplete(error)
        }
        return catalog.sound.sorted()
    }

    /// Looks at what stands in the root beside the catalog.
    private func lookAround(_ catalog: Contents) async throws(StoreError) {
        let parts: Set = [FeedLayout.marker.text, Catalog.folder.text, "cluster/", "feeds/", "lost+found/"]
        for folder in [KeyPrefix.root, KeyPrefix(trusted: "feeds/")] {
            let known = parts.union(catalog.places)
            try await lookAround(folder, known: known, catalog: catalog)
        }
        try await checkLeases()
    }

    /// What the catalog says, as far as it can be read.
    private struct Contents {
        /// All feeds, also those whose records are damaged.
        var feeds: Set<FeedName> = []
        var sound: [FeedName] = []
        /// Folders of the server root in which feeds have their roots, had some, or are going to; of a feed whose
        /// record is damaged, where it stands by default.
        var places: Set<String> = []
        var isWhole = true
    }

    /// Feeds whose record is damaged can't be looked at: a finding, and a gap.
    private func catalog() async throws(StoreError) -> Contents {
        var contents = Contents()
        let request = ListRequest(Catalog.folder, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            for entry in page {
                guard let name = Self.feed(entry) else {
                    tally.add(oddity: entry)
                    if case .unreadable = entry { contents.isWhole = false }
                    if case .key(let key, _) = entry {
                        tally.add(.unexpectedObject, key: key.text, "\(key) is not a feed record; move it away")
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
                    contents.places.insert(Catalog.place(name).text)
                    try add(error, entry)
                }
            }
        }
        return contents
    }

    /// A lease that cannot be read lets nobody do the work that it is for.
    private func checkLeases() async throws(StoreError) {
        let request = ListRequest(LeaseRecord.folder, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            for entry in page {
                if case .unreadable(_, let error) = entry { tally.incomplete(error) }
                guard case .key(let key, _) = entry, key.isRecord else { continue }
                do throws(StoreError) { _ = try await LeaseRecord.find(key, in: storage) } catch
                    where error.concernsOnePlace
                {
                    if error.code != .corrupt { tally.incomplete(error) }
                    tally.add(.badRecord, key: key.text, error.message)
                }
            }
        }
    }

    private func record(of name: FeedName, _ entry: ListEntry) async throws(StoreError) -> FeedRecord? {
        if case .key = entry { return try await store.catalog.find(name)?.body }
        let isFolder = if case .foreign(_, .folder) = entry { true } else { false }
        let what = isFolder ? "folder" : "symbolic link, device, pipe, socket or mount"
        throw StoreError(.corrupt, "\(entry.text) is a \(what), not a feed record")
    }

    private func add(_ error: StoreError, _ entry: ListEntry) throws(StoreError) {
        if error.code == .cancelled { throw error }
        if error.code == .corrupt {
            tally.add(.badRecord, key: entry.text, "\(error.message); restore it from a backup")
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
        let schemes = store.opener.schemes
        let (place, server) = (try await schemes.resolved(place), try await schemes.resolved(store.server.url))
        guard schemes.relation(of: place, to: server) == .inside else { return [] }
        let (inner, outer) = (place.names, server.names)
        return (outer.count..<inner.count).map { inner[outer.count...$0].map { $0 + "/" }.joined() }
    }
}

extension ServerCheck {
    /// Reports what stands in a folder beside what belongs there.
    private func lookAround(
        _ folder: KeyPrefix, known: Set<String>, catalog: Contents
    ) async throws(StoreError) {
        let request = ListRequest(folder, isFlat: true, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            for entry in page {
                switch entry {
                // Of a folder in here it is told below what it is.
                case .unreadable(let unread, _) where unread != folder && !known.contains(unread.text): continue
                case .foreign, .access, .unreadable: tally.add(oddity: entry)
                case .key(let key, _) where !known.contains(key.text):
                    tally.add(.unexpectedObject, key: key.text, "\(key) is not part of a server root; move it away")
                case .folder(let folder) where !known.contains(folder.text):
                    try await add(unknown: folder, catalog)
                case .key, .folder: continue
                }
            }
        }
    }

    /// Reports a folder that the catalog does not know; not one that holds nothing, as the deletion of a feed may
    /// leave.
    private func add(unknown folder: KeyPrefix, _ catalog: Contents) async throws(StoreError) {
        if try await isEmpty(folder) { return }
        if !catalog.isWhole {
            return tally.add(
                .unexpectedObject, key: folder.text,
                "\(folder) belongs to no feed whose record can be read; leave it until the damaged records of the catalog are "
                    + "back")
        }
        let marker: RootMarker?
        do throws(StoreError) {
            let key = Key(trusted: "\(folder.text)\(FeedLayout.marker)")
            marker = try await storage.document(key, as: RootMarker.self)?.body
        } catch {
            if error.code == .cancelled { throw error }
            tally.add(
                .unexpectedObject, key: folder.text, "\(folder) belongs to no feed in the catalog: \(error.message)")
            return tally.incomplete(error)
        }
        if marker == nil, try await isEmpty(folder, but: [Self.staging]) {
            // The upload of a marker that was never finished.
            return tally.add(
                .unexpectedObject, .info, key: folder.text,
                "\(folder) is left of a feed whose creation did not finish; create the feed again to complete it")
        }
        guard let marker, marker.setAside == nil else {
            return tally.add(
                .unexpectedObject, key: folder.text,
                "\(folder) is not part of a server root and belongs to no feed in the catalog; move it away")
        }
        if let feed = marker.feed, catalog.feeds.contains(feed) {
            return tally.add(
                .unexpectedObject, key: folder.text,
                "\(folder) is \(marker.owner), but the record of that feed names another root, so its packages are neither "
                    + "served nor checked; \"blobtool feed show \(feed)\" tells where the feed is; move the folder away "
                    + "once you know that nothing in it is needed")
        }
        try await add(unknown: marker, in: folder)
    }

    /// Reports a root that no record of the catalog names: the record is lost, or was never written.
    private func add(unknown marker: RootMarker, in folder: KeyPrefix) async throws(StoreError) {
        let isHome = marker.feed.map { Catalog.place($0) == folder } ?? false
        guard let feed = marker.feed, isHome else {
            return tally.add(
                .unexpectedObject, key: folder.text,
                "\(folder) is \(marker.owner), which no catalog record names; move it away if it is not wanted"
            )
        }
        if try await isEmpty(folder, but: [FeedLayout.marker.text, Self.staging]) {
            // A creation that died; making the feed goes on from there.
            return tally.add(
                .unexpectedObject, .info, key: folder.text,
                "\(folder) is the empty root of a feed whose creation did not finish; \"blobtool feed create \(feed)\" completes"
            )
        }
        if let note = try await Predecessor.find(in: storage)?.body, !note.isDone {
            return tally.add(
                .unfinished, key: folder.text,
                "\(folder) is the root of feed \"\(feed)\", whose record is still in the server root \(note.root); run \"blobtool "
                    + "migrate --server\" there again to continue")
        }
        let flaw = StoreError(
            .corrupt,
            "the record of feed \"\(feed)\" is gone from the catalog, and its root in \(folder) holds packages; restore the "
                + "record from a backup, or run \"blobtool feed create \(feed)\" with the policy that it had, which "
                + "finds them again"
        ).during("check", key: Catalog.key(feed).text)
        tally.add(.badRecord, key: Catalog.key(feed).text, flaw.message)
        tally.incomplete(flaw)
    }

    /// Where uploads begin, which may never have come to their end.
    private static let staging = "staging/"

    /// - Parameter names: what does not count: names, and folders with a slash at their end.
    private func isEmpty(_ folder: KeyPrefix, but names: [String] = []) async throws(StoreError) -> Bool {
        let own = names.map { folder.text + $0 }
        for try await page in storage.list(ListRequest(folder, passesUnreadable: true))
        where !page.allSatisfy({ entry in
            entry.isLitter || own.contains { entry.text == $0 || ($0.hasSuffix("/") && entry.text.hasPrefix($0)) }
        }) {
            return false
        }
        return true
    }
}
