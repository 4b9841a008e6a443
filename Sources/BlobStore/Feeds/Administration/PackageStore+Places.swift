extension PackageStore {
    /// A feed's place as the catalog may note it; nil for the server root.
    /// - Throws: `invalidArgument`.
    func lasting(_ place: RootURL?) async throws(StoreError) -> RootURL? {
        guard let place else { return nil }
        return try await opener.schemes.lasting(place)
    }

    /// Where a feed's root may be made: a place that lies in no other root, and around none. Only the feed's own place
    /// in a server root may be in one.
    /// - Parameter outer: a server root that the feed's place may lie in, beside this store's own.
    /// - Throws: `invalidArgument`, or `wrongRoot` for another feed's root itself, naming that root.
    func refuseOverlap(
        _ place: RootURL, for name: FeedName, inside outer: RootURL? = nil
    ) async throws(StoreError) {
        let place = try await opener.schemes.resolved(place)
        try await refuseKnownRoots(overlapping: place, for: name)
        var homes: [RootURL] = []
        for server in [server.url, outer].compactMap(\.self) {
            if try await isHome(place, of: name, in: server) { homes.append(try await opener.schemes.resolved(server)) }
        }
        try await RootNesting(opener).refuse(place, except: homes)
    }

    /// Where a server root may be made beside this one.
    /// - Throws: `invalidArgument`, `wrongRoot`.
    func refuseOverlap(ofServer place: RootURL) async throws(StoreError) {
        try await refuseKnownRoots(overlapping: place, for: nil)
        try await RootNesting(opener).refuse(opener.schemes.resolved(place))
    }

    /// Refuses a place that lies in or around a root that the catalog knows, or is another feed's.
    /// - Parameter name: the feed whose own places it may be; nil for none.
    func refuseKnownRoots(overlapping place: RootURL, for name: FeedName?) async throws(StoreError) {
        let place = try await opener.schemes.resolved(place)
        _ = try await isHome(place, of: name, in: server.url)
        for try await page in catalog.names() {
            for feed in page {
                for url in try await placesOfFeed(feed) {
                    let owner = "a root of feed \"\(feed)\""
                    try await RootNesting(opener).refuse(
                        place, beside: RootNesting.Neighbour(url, owner, mayBeSame: feed == name))
                }
            }
        }
    }

    /// Whether a place is a feed's own in a server root, which is all of it that a feed's root may be in.
    /// - Throws: where it lies in the server root elsewhere, or around it.
    private func isHome(_ place: RootURL, of name: FeedName?, in server: RootURL) async throws(StoreError) -> Bool {
        if let name, try await opener.schemes.resolved(server).appending(Catalog.place(name)) == place { return true }
        try await RootNesting(opener).refuse(place, beside: RootNesting.Neighbour(server, "a server root"))
        return false
    }

    private func placesOfFeed(_ name: FeedName) async throws(StoreError) -> [RootURL] {
        do throws(StoreError) {
            return try await catalog.find(name).map { catalog.places(of: $0.body) } ?? []
        } catch {
            // A record that is damaged stands in the way of its own feed only.
            guard [.corrupt, .unknownFormat].contains(error.code) else { throw error }
            return []
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
}

extension PackageStore {
    /// Refuses a place of the feed that is being deleted, or may still be by somebody.
    func refuseClosed(_ place: RootURL, of record: FeedRecord) async throws(StoreError) {
        let place = try await opener.schemes.resolved(place)
        for former in record.formerRoots where former.deletion != nil {
            let url = self.place(former.root, of: record.feed)
            if place == (try await opener.schemes.resolved(url)) { throw closed(former, of: record.feed) }
        }
    }

    /// Why a feed cannot come back to a former root.
    func closed(_ former: FormerRoot, of name: FeedName) -> StoreError {
        let place = self.place(former.root, of: name)
        guard former.deletion?.isDone == true, let run = former.deletion?.runs.first else {
            return StoreError(
                .alreadyExists,
                "\(place) is a former root of feed \"\(name)\" that is being deleted; finish that with "
                    + "\"blobtool migrate \(name) --delete-source\"")
        }
        return StoreError(
            .alreadyExists,
            "\(place) is closed because a deletion by \"\(run.node)\", started on \(run.since), may still be "
                + "running there; choose another place or, if you know that the process is gone, run "
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
