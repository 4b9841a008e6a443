extension MigrateOperation {
    /// Notes in the catalog where the feed is going, so that another machine continues there, and which run is at
    /// work, so that no other goes on at the same time without noticing.
    ///
    /// Writers whom a dead migration holds are let go: they are held again when the copy has come that far.
    /// - Returns: nil when it is there already.
    func begin(_ target: RootURL?) async throws(StoreError) -> Stored<FeedRecord>? {
        let stored = try await store.catalog.feed(feed.name)
        let record = stored.body
        if record.state == .deleting { throw record.isBeingDeleted }
        var next = record
        if let migration = record.migration {
            guard migration.root == target else {
                throw StoreError(
                    .migrating,
                    "the feed \"\(feed.name)\" is being migrated to \(place(migration.root)); finish that, or cancel it "
                        + "with --abort")
            }
        } else if record.root == target {
            return nil
        } else {
            // Nothing is begun that could not read its source.
            try await feed.open().root.verify()
            next.migration = try await destination(target, of: record)
        }
        next.migration?.run = uniqueName()
        if record.state == .migrating { next.change(to: .active, root: record.root, id: record.id) }
        return try await store.catalog.replace(stored, with: next)
    }

    /// What lies in either server root is entered by way of that one.
    var opener: any StorageOpener {
        guard let outer else { return store.opener }
        return ServerOpener(base: store.opener, server: outer)
    }

    /// Where a root is that a record names.
    func place(_ root: RootURL?) -> RootURL { store.place(root, of: feed.name) }

    /// Makes the root that the feed is going to.
    private func destination(
        _ target: RootURL?, of record: FeedRecord
    ) async throws(StoreError) -> FeedRecord.Destination {
        let url = place(target)
        try await store.refuseClosed(url, of: record)
        try await store.refuseOverlap(url, for: feed.name, inside: outer)
        let (root, isNew) = try await Root.create(
            url, Root.Identity(.feed, feed: feed.name, server: store.rootID), inside: outer ?? store.server.url,
            with: opener)
        let flaw: StoreError?
        do throws(StoreError) {
            flaw = isNew ? nil : try await reasonAgainst(root, record)
        } catch {
            await root.storage.close()
            throw error
        }
        await root.storage.close()
        if let flaw { throw flaw }
        return FeedRecord.Destination(root: target, id: root.id, since: .now, by: options.by)
    }

    /// Why a root that is there already is no place to go to.
    func reasonAgainst(_ root: Root, _ record: FeedRecord) async throws(StoreError) -> StoreError? {
        if root.id == record.id {
            return StoreError(
                .alreadyExists, "\(root.url) is another name for the root that the feed \"\(feed.name)\" is in already")
        }
        if let former = record.formerRoots.first(where: { $0.id == root.id }) {
            return former.deletion == nil ? nil : store.closed(former, of: record.feed)
        }
        // One that this store made, and died before it noted that, is as good as a new one.
        if root.marker.server == store.rootID, try await !root.holdsPackages() { return nil }
        return StoreError(
            .alreadyExists,
            "\(root.url) is neither a former root of feed \"\(feed.name)\" nor the one that it is moving to; "
                + "choose an empty place")
    }
}

extension Root {
    /// Whether any package record stands here.
    func holdsPackages() async throws(StoreError) -> Bool {
        for try await page in storage.list(ListRequest(FeedLayout.packages)) where !page.isEmpty { return true }
        return false
    }
}
