extension PackageStore {
    /// Deletes a feed: its record, and with it its root and all in it.
    ///
    /// The feed is marked first, so that nothing published meanwhile is reported done; a deletion that died is
    /// completed by the next. On a filesystem the root's folder goes too, so that a feed made anew has one of its own,
    /// in which whoever was paused in the old one removes nothing.
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
        let stored = try await catalog.feed(name)
        if try await isEmptied(stored.body) {
            try? await dismantle(catalog.location(stored.body))
            return try await removeRecord(of: stored.body)
        }
        let visit = try await visitForDeleting(stored.body)
        var marked = stored.body
        marked.change(to: .deleting, root: marked.root, id: marked.id)
        let deleting = try await server.storage.replace(Catalog.key(name), stored, with: marked)
        if !purge {
            do throws(StoreError) {
                try await refusePackages(in: marked, Self.purgeAdvice)
            } catch {
                marked.change(to: stored.body.state, root: marked.root, id: marked.id)
                _ = try await server.storage.replace(Catalog.key(name), deleting, with: marked)
                throw error
            }
        }
        try await visit.root.removeEverything(removed: removed) { () async throws(StoreError) in
            try await expectDeleting(marked)
        }
        await roots.forget(visit.root.url)
        await visit.root.removeFolders()
        try await removeRecord(of: marked)
    }

    private func removeRecord(of deleted: FeedRecord) async throws(StoreError) {
        try await expectDeleting(deleted)
        try await server.storage.removeRecord(Catalog.key(deleted.feed))
    }

    /// Whoever was paused while another finished, and the feed was made anew, deletes nothing of that.
    private func expectDeleting(_ deleted: FeedRecord) async throws(StoreError) {
        let now = try await catalog.find(deleted.feed)?.body
        guard now?.state == .deleting, now?.id == deleted.id else {
            throw StoreError(.preconditionFailed, "the feed \"\(deleted.feed)\" was deleted by another meanwhile")
        }
    }

    /// What deleting a feed would remove; nothing is changed.
    /// - Parameter counted: told how many things were counted.
    /// - Throws: as deleting does.
    package func foreseeDeletion(
        _ name: FeedName, purge: Bool = false, counted: (Int64) -> Void = { _ in }
    ) async throws(StoreError) -> FeedContents {
        if let store = try await storeElsewhere(of: name) {
            return try await store.foreseeDeletion(name, purge: purge, counted: counted)
        }
        try await server.verify()
        let record = try await catalog.feed(name).body
        var contents = FeedContents()
        if try await isEmptied(record) { return contents }
        let visit = try await visitForDeleting(record)
        if !purge { try await refusePackages(in: record, Self.purgeAdvice) }
        for try await page in visit.storage.list(ListRequest(wantsDetails: true)) {
            for case .key(let key, let info) in page { contents.add(key, info) }
            counted(Int64(page.count))
        }
        return contents
    }

    private static var purgeAdvice: String { "delete them first, or give --purge to delete all that it holds" }

    private func visitForDeleting(_ record: FeedRecord) async throws(StoreError) -> FeedVisit {
        let visit = try await Feed(record.feed, in: self).visit()
        try await visit.root.verify()
        try record.expectAlone()
        return visit
    }

    /// Whether a deletion died after its last file was gone. That is certain only in the server root, which was seen
    /// to be in its place: in a root of the feed's own a missing marker may be a missing mount.
    private func isEmptied(_ record: FeedRecord) async throws(StoreError) -> Bool {
        guard record.state == .deleting, record.root == nil else { return false }
        let place = Catalog.place(record.feed)
        for try await page in server.storage.list(ListRequest(place)) where !page.isEmpty { return false }
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
            bytes += info?.size ?? 0
        }
    }
}

extension FeedRecord {
    /// - Throws: when there are other roots than the feed's own, which would be forgotten with its record.
    fileprivate func expectAlone() throws(StoreError) {
        if state == .migrating || migration != nil {
            throw StoreError(.migrating, "the feed \"\(feed)\" is being migrated: finish or abort that first")
        }
        guard let former = formerRoots.first else { return }
        let isClosed = former.deletion?.isDone == true
        throw StoreError(
            .alreadyExists,
            "the feed \"\(feed)\" has a former root, at \(former.root?.description ?? "its place in the server root"): "
                + "first say \"blobtool migrate \(feed) --delete-source\(isClosed ? " --reopen" : "")\"")
    }
}
