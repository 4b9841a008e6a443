extension PackageStore {
    /// Deletes a feed: its record, and with it its root and all in it.
    ///
    /// The feed is marked first, so that nothing published meanwhile is reported done; a deletion that died is
    /// completed by the next.
    /// - Parameter purge: also deletes packages; without it a feed that holds any is refused, and left as it was.
    /// - Throws: `notFound`; `alreadyExists` when it holds packages; `wrongRoot` when its root is not in its place.
    public func deleteFeed(_ name: FeedName, purge: Bool = false) async throws(StoreError) {
        try await server.verify()
        let stored = try await catalog.feed(name)
        if try await isEmptied(stored.body) { return try await server.storage.removeRecord(Catalog.key(name)) }
        let visit = try await Feed(name, in: self).visit()
        try await visit.root.verify()
        guard stored.body.state != .migrating else {
            throw StoreError(.migrating, "the feed \"\(name)\" is being migrated: finish or abort that first")
        }
        var marked = stored.body
        marked.change(to: .deleting, root: marked.root, id: marked.id)
        let deleting = try await server.storage.replace(Catalog.key(name), stored, with: marked)
        if !purge {
            do throws(StoreError) {
                try await refusePackages(in: marked, "delete them first, or give --purge to delete all that it holds")
            } catch {
                marked.change(to: stored.body.state, root: marked.root, id: marked.id)
                _ = try await server.storage.replace(Catalog.key(name), deleting, with: marked)
                throw error
            }
        }
        try await visit.root.removeEverything()
        await roots.forget(visit.root.url)
        await visit.root.removeFolders()
        try await server.storage.removeRecord(Catalog.key(name))
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

extension Root {
    /// Removes all that the root holds, its marker last.
    package func removeEverything() async throws(StoreError) {
        try await removeContents()
        try await storage.removeRecord(FeedLayout.marker)
    }

    /// Takes the folders away that are empty now, the root's own last. What stands in one keeps it, and no file is
    /// removed; that a folder stays does no harm, and so is no error.
    package func removeFolders() async {
        try? await (storage as? any ExaminedStorage)?.dismantle()
    }

    /// Removes all that the root holds but its marker.
    package func removeContents() async throws(StoreError) {
        try await verify()
        for try await page in storage.list(ListRequest()) {
            var objects: [Key] = []
            for case .key(let key, _) in page where key != FeedLayout.marker {
                if key.isRecord { try await storage.removeRecord(key) } else { objects.append(key) }
            }
            for result in try await storage.removeObjects(objects) { try result.get() }
        }
        for try await page in storage.uploadsInFlight() {
            for upload in page { try await storage.discardUpload(upload) }
        }
    }
}
