extension PackageStore {
    /// Makes a feed, in the server root or in a root of its own.
    ///
    /// The feed's root is made first, then its record; a creation that died between the two is completed by the next.
    /// - Parameter url: an empty or missing place, or a root of a feed of this name.
    /// - Throws: `alreadyExists` when there is such a feed, or the place holds other things; `wrongRoot` when it is
    ///   another root; `invalidArgument` when it lies inside of one, or around one.
    public func createFeed(
        _ name: FeedName, root url: RootURL? = nil, _ policy: FeedPolicy = FeedPolicy()
    ) async throws(StoreError) -> FeedRecord {
        try policy.check()
        let url = try await lasting(url)
        try await server.verify()
        if let store = try await successorOfClosed() { return try await store.createFeed(name, root: url, policy) }
        if let record = try await catalog.find(name)?.body {
            throw record.state == .deleting
                ? StoreError(.alreadyExists, "\(record.isBeingDeleted.message); after that it can be created again")
                : Self.exists(name)
        }
        let place = url ?? server.url.appending(Catalog.place(name))
        try await refuseOverlap(place, for: name)
        let root: Root
        do {
            root = try await Root.create(
                place, Root.Identity(.feed, feed: name, server: rootID), inside: server.url, with: opener
            ).root
        } catch {
            // No root came of it, and the folders that were made in the server root hold nothing.
            if error.code == .outOfSpace && url == nil { try? await dismantle(place) }
            throw error
        }
        await root.storage.close()
        do {
            let record = FeedRecord(name, id: root.id, root: url, policy)
            let stored = try await server.storage.create(Catalog.key(name), record)
            // Who closes the catalog lists it after that: whoever does not see it closed is seen.
            guard let store = try await successorOfClosed() else { return stored.body }
            return try await FeedHandover(self, to: store.server, by: node.text)(name)
        } catch  where error.code == .preconditionFailed {
            throw Self.exists(name)
        }
    }

    /// Takes away the empty folders of a place in which no root is.
    func dismantle(_ place: RootURL) async throws(StoreError) {
        let storage = try await opener.open(place)
        do throws(StoreError) {
            // With a marker it is another's, who made the same feed at the same time.
            if try await Root.marker(in: storage) == nil {
                try await storage.capability((any ExaminedStorage).self)?.dismantle()
            }
        } catch {
            await storage.close()
            throw error
        }
        await storage.close()
    }

    /// Changes a feed's policy.
    /// - Throws: `notFound`.
    public func updateFeed(_ name: FeedName, _ policy: FeedPolicy) async throws(StoreError) -> FeedRecord {
        try policy.check()
        if let store = try await storeElsewhere(of: name) { return try await store.updateFeed(name, policy) }
        try await server.verify()
        let stored = try await catalog.update(name) { (record) throws(StoreError) in
            var next = record
            next.apply(policy)
            if next.mutable != record.mutable || next.replaceable != record.replaceable
                || next.digests != record.digests
            {
                // Who began under the old policy starts over under the new one.
                next.change(to: record.state, root: record.root, id: record.id)
            }
            return next == record ? nil : next
        }
        return stored.body
    }

    /// Points a feed at another root; moving its packages there is a migration's work.
    /// - Parameter url: a root that carries this feed's id, or, while the feed holds no packages, an empty place; nil
    ///   for the server root.
    /// - Throws: `alreadyExists` when the feed holds packages and the place is not its root.
    public func updateFeed(_ name: FeedName, root url: RootURL?) async throws(StoreError) -> FeedRecord {
        if let store = try await storeElsewhere(of: name) { return try await store.updateFeed(name, root: url) }
        let url = try await lasting(url)
        try await server.verify()
        let stored = try await catalog.feed(name)
        let place = url ?? server.url.appending(Catalog.place(name))
        if place == catalog.location(stored.body) { return stored.body }
        try stored.body.expectSettled()
        try await refuseClosed(place, of: stored.body)
        try await refuseOverlap(place, for: name)
        var id = try await idOfFeedRoot(at: place, name)
        var hasNoMarkers = false
        if id != stored.body.id {
            try await refusePackages(
                in: stored.body, "it can be pointed only at its own root; move it with \"blobtool migrate\"")
            let root = try await Root.create(
                place, Root.Identity(.feed, feed: name, server: rootID), inside: server.url, with: opener
            ).root
            hasNoMarkers = (try? await ContentStore(root.storage).hasNoMarkers()) ?? false
            await root.storage.close()
            id = root.id
        }
        var next = stored.body
        if let id { next.forget(formerRoot: id) }
        next.change(to: .active, root: url, id: id ?? stored.body.id, hasNoMarkers: hasNoMarkers)
        do {
            return try await server.storage.replace(Catalog.key(name), stored, with: next).body
        } catch  where error.code == .preconditionFailed {
            throw StoreError(
                .preconditionFailed,
                "the feed \"\(name)\" was changed by another process meanwhile; look, and try again")
        }
    }

    /// The id of the feed root at a place; nil when no root is there.
    private func idOfFeedRoot(at url: RootURL, _ name: FeedName) async throws(StoreError) -> String? {
        let storage: any Storage
        do { storage = try await opener.open(url) } catch  where error.code == .notFound { return nil }
        let found: Result<RootMarker?, StoreError>
        do throws(StoreError) { found = .success(try await Root.marker(in: storage)) } catch { found = .failure(error) }
        await storage.close()
        guard let marker = try found.get() else { return nil }
        try Root.Identity(.feed, feed: name).check(marker, at: url)
        return marker.id
    }

    /// - Throws: `alreadyExists` when the feed holds packages that are not deleted.
    func refusePackages(in record: FeedRecord, _ advice: String) async throws(StoreError) {
        let feed = Feed(record.feed, in: self)
        // Each record is read: what follows removes.
        let opened = try await feed.open()
        for try await page in opened.paths(PackageQuery()) {
            if await opened.read(page, includesDeleted: false).isEmpty { continue }
            throw StoreError(.alreadyExists, "the feed \"\(record.feed)\" holds packages: \(advice)")
        }
    }

    private static func exists(_ name: FeedName) -> StoreError {
        StoreError(.alreadyExists, "the feed \"\(name)\" already exists; change it with \"blobtool feed set \(name)\"")
    }
}

extension FeedPolicy {
    /// - Throws: `invalidArgument`.
    func check() throws(StoreError) {
        if let graceSeconds, !(0...Self.longestGraceSeconds).contains(graceSeconds) {
            throw StoreError(
                .invalidArgument, "a grace period must be from 0 seconds to 10 years, not \(graceSeconds) seconds")
        }
        if let verifySeconds, verifySeconds != 0, !(3_600...Self.longestGraceSeconds).contains(verifySeconds) {
            throw StoreError(
                .invalidArgument,
                "content can be verified within 1 hour to 10 years, or never, not within \(verifySeconds) seconds")
        }
    }
}
