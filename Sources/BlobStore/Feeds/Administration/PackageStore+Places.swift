extension PackageStore {
    /// Where a feed's root may be made: a place that lies in no other root, and around none.
    ///
    /// What is below a root is taken for its own, and goes when it is deleted.
    /// - Parameter outer: a server root that the feed's place may lie in, beside this store's own.
    /// - Throws: `alreadyExists`, or `wrongRoot` for another feed's root itself, naming that root.
    func refuseOverlap(
        _ place: RootURL, for name: FeedName, inside outer: RootURL? = nil
    ) async throws(StoreError) {
        let place = try await place.resolved()
        try await refuseKnownRoots(overlapping: place, for: name)
        var servers = [try await server.url.resolved()]
        if let outer = try await outer?.resolved() {
            try Self.refuse(place, for: name, at: outer)
            servers.append(outer)
        }
        let isAtHome = servers.contains { $0.appending(Catalog.place(name)) == place }
        try await refuseRoots(around: place, except: isAtHome ? servers : [])
    }

    /// Refuses a place that lies in or around a root that the catalog knows, or is another feed's.
    func refuseKnownRoots(overlapping place: RootURL, for name: FeedName) async throws(StoreError) {
        let place = try await place.resolved()
        try Self.refuse(place, for: name, at: try await server.url.resolved())
        for try await page in feeds() {
            for feed in page {
                guard let record = try await catalog.find(feed)?.body else { continue }
                for url in catalog.places(of: record) {
                    let relation = place.relation(to: try await url.resolved())
                    if relation == .apart || relation == .same && feed == name { continue }
                    throw Self.overlap(place, relation, "\(url), a root of feed \"\(feed)\"")
                }
            }
        }
    }

    /// A feed's own place in a server root is all of it that a feed's root may be in.
    private static func refuse(_ place: RootURL, for name: FeedName, at server: RootURL) throws(StoreError) {
        let relation = place.relation(to: server)
        if relation == .apart || place == server.appending(Catalog.place(name)) { return }
        throw overlap(place, relation, "the server root \(server)")
    }

    /// Roots that this catalog does not know, or knows by other names.
    private func refuseRoots(around place: RootURL, except known: [RootURL]) async throws(StoreError) {
        for parent in place.parents where !known.contains(parent) {
            guard let marker = try await marker(at: parent) else { continue }
            throw Self.overlap(place, .inside, "\(parent), which is \(marker.owner)")
        }
    }

    /// The marker of a root; nil where there is none, or this account may not look.
    func marker(at url: RootURL) async throws(StoreError) -> RootMarker? {
        let storage: any Storage
        do { storage = try await opener.open(url) } catch
            where error.code == .notFound || error.code == .permissionDenied || error.code == .unsupported
        {
            return nil
        }
        let found: Result<RootMarker?, StoreError>
        do throws(StoreError) { found = .success(try await Root.marker(in: storage)) } catch { found = .failure(error) }
        await storage.close()
        do { return try found.get() } catch
            where error.code == .permissionDenied || error.code == .corrupt
        {
            return nil
        }
    }

    private static func overlap(_ place: RootURL, _ relation: RootURL.Relation, _ other: String) -> StoreError {
        let how =
            switch relation {
            case .around: "lies around"
            case .inside: "lies in"
            case .same, .apart: "is"
            }
        return StoreError(
            relation == .same ? .wrongRoot : .alreadyExists,
            "\(place) \(how) \(other): choose a place apart from all roots")
    }
}

extension PackageStore {
    /// Refuses a place of the feed that is being deleted, or may still be by somebody.
    func refuseClosed(_ place: RootURL, of record: FeedRecord) async throws(StoreError) {
        let place = try await place.resolved()
        for former in record.formerRoots where former.deletion != nil {
            let url = self.place(former.root, of: record.feed)
            if place == (try await url.resolved()) { throw closed(former, of: record.feed) }
        }
    }

    /// Why a feed cannot come back to a former root.
    func closed(_ former: FormerRoot, of name: FeedName) -> StoreError {
        let place = self.place(former.root, of: name)
        guard former.deletion?.isDone == true, let run = former.deletion?.runs.first else {
            return StoreError(
                .alreadyExists,
                "\(place) is a former root of feed \"\(name)\" that is being deleted: finish that with "
                    + "\"blobtool migrate \(name) --delete-source\"")
        }
        return StoreError(
            .alreadyExists,
            "\(place) is closed: a run of \"\(run.node)\" that began to delete there on \(run.since) was not seen to "
                + "end, and might go on; choose another place, or, when that process is gone for certain, say "
                + "\"blobtool migrate \(name) --delete-source --reopen\"")
    }
}

extension Catalog {
    /// Every place that a feed has, had, or is going to.
    func places(of record: FeedRecord) -> [RootURL] {
        let home = server.url.appending(Self.place(record.feed))
        return [location(record)] + (record.migration.map { [$0.root ?? home] } ?? [])
            + record.formerRoots.map { $0.root ?? home }
    }
}
