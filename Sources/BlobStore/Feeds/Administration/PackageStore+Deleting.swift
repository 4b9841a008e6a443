extension PackageStore {
    /// Deletes a feed: its record, and with it its root and all in it.
    ///
    /// It is looked at before anything is written, so that a deletion that is refused leaves no trace. Then the feed
    /// is marked, so that nothing published meanwhile is reported done, and looked at once more. The mark notes each
    /// step before it is taken: a deletion that died at whichever is completed by the next. On a filesystem the root's
    /// folder goes too, so that a feed made anew has one of its own, in which whoever was paused in the old one
    /// removes nothing.
    /// - Parameters:
    ///   - purge: also deletes packages; without it a feed that holds any is refused, and left as it was.
    ///   - removed: told how many things are gone.
    /// - Throws: `notFound`; `alreadyExists` when it holds packages; `wrongRoot` when its root is not in its place.
    public func deleteFeed(
        _ name: FeedName, purge: Bool = false, removed: (Int64) -> Void = { _ in }
    ) async throws(StoreError) {
        if let store = try await storeElsewhere(of: name) {
            return try await store.deleteFeed(name, purge: purge, removed: removed)
        }
        try await server.verify()
        try await FeedDeletion(self, name, purges: purge)(removed)
    }

    /// Gives up a deletion that has removed nothing: the feed is again what it was before.
    /// - Returns: its record.
    /// - Throws: `notFound` when it is not being deleted; `alreadyExists` when something of it may be gone already.
    public func abortDeletion(of name: FeedName) async throws(StoreError) -> FeedRecord {
        if let store = try await storeElsewhere(of: name) { return try await store.abortDeletion(of: name) }
        try await server.verify()
        return try await catalog.update(name) { (record) throws(StoreError) in
            guard record.state == .deleting else {
                throw StoreError(.notFound, "the feed \"\(name)\" is not being deleted, so there is nothing to cancel")
            }
            // A mark without a step was set by an older version: what is gone, the person who asks must know.
            guard record.deletion == nil || record.deletion?.step == .looking else {
                throw StoreError(
                    .alreadyExists,
                    "part of the feed \"\(name)\" is already deleted; finish with "
                        + "\"blobtool feed delete \(name) --purge\"")
            }
            var next = record
            next.giveUpDeletion()
            return next
        }.body
    }

    /// What deleting a feed would remove; nothing is changed.
    /// - Parameter counted: told how many things were counted.
    /// - Throws: as deleting does.
    package func previewDeletion(
        _ name: FeedName, purge: Bool = false, counted: (Int64) -> Void = { _ in }
    ) async throws(StoreError) -> FeedContents {
        if let store = try await storeElsewhere(of: name) {
            return try await store.previewDeletion(name, purge: purge, counted: counted)
        }
        try await server.verify()
        let record = try await catalog.feed(name).body
        var contents = FeedContents()
        if try await isEmptied(record) { return contents }
        let opened = try await openForDeleting(record)
        if !purge { try await refusePackagesOfDeletion(in: record) }
        for try await page in opened.storage.list(ListRequest(wantsDetails: true)) {
            for case .key(let key, let info) in page { contents.add(key, info) }
            counted(Int64(page.count))
        }
        return contents
    }

    /// - Throws: `alreadyExists` when the feed holds packages, which only a purge deletes.
    func refusePackagesOfDeletion(in record: FeedRecord) async throws(StoreError) {
        let isBegun = record.state == .deleting && record.deletion?.step != .looking
        try await refusePackages(
            in: record,
            isBegun
                ? "a deletion with --purge was started and did not finish; finish it with --purge"
                : "delete them first, or give --purge to delete everything")
    }

    func openForDeleting(_ record: FeedRecord) async throws(StoreError) -> OpenFeed {
        let opened = try await Feed(record.feed, in: self).open()
        try await opened.root.verify()
        try record.expectAlone()
        return opened
    }

    /// Whether a deletion died after its last file was gone. The mark says so; where an older version set it, that is
    /// certain only in the server root, which was seen to be in its place: in a root of the feed's own a missing marker
    /// may be a missing mount.
    func isEmptied(_ record: FeedRecord) async throws(StoreError) -> Bool {
        if let deletion = record.deletion { return deletion.step == .emptied }
        guard record.state == .deleting, record.root == nil else { return false }
        for try await page in server.storage.list(ListRequest(Catalog.place(record.feed)))
        where !page.allSatisfy(\.isLitter) {
            return false
        }
        return true
    }
}

/// What stands in a feed's root.
package struct FeedContents: Sendable, Equatable {
    /// Records of packages, deleted ones too.
    package private(set) var packages: Int64 = 0
    package private(set) var blobs: Int64 = 0
    /// Of blobs, wherever they stand.
    package private(set) var bytes: Int64 = 0

    fileprivate mutating func add(_ key: Key, _ info: ObjectInfo?) {
        if key.isRecord {
            if key.text.hasPrefix(FeedLayout.packages.text) { packages += 1 }
        } else {
            blobs += 1
            bytes.add(stated: info?.size ?? 0)
        }
    }
}

extension FeedRecord {
    /// - Throws: when there are other roots than the feed's own, which would be forgotten with its record.
    fileprivate func expectAlone() throws(StoreError) {
        if state == .migrating || migration != nil {
            throw StoreError(
                .migrating,
                "the feed \"\(feed)\" is being migrated; finish that, or cancel it with "
                    + "\"blobtool migrate \(feed) --abort\"")
        }
        guard let former = formerRoots.first else { return }
        let isClosed = former.deletion?.isDone == true
        throw StoreError(
            .alreadyExists,
            "the feed \"\(feed)\" has a former root at \(former.root?.description ?? "its place in the server root"); "
                + "first run \"blobtool migrate \(feed) --delete-source\(isClosed ? " --reopen" : "")\"")
    }
}
