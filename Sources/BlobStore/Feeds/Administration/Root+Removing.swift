extension Root {
    /// Removes all that the root holds but its marker.
    /// - Parameters:
    ///   - jobs: records removed at once.
    ///   - removed: told how many things are gone.
    ///   - mayGoOn: asked before each batch; throws when it may not.
    package func removeContents(
        _ jobs: Int = 16, removed: (Int64) -> Void = { _ in }, mayGoOn: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try await verify()
        try await storage.removeContents(jobs, removed: removed, mayGoOn: mayGoOn)
    }
}

extension Storage {
    /// Removes all that stands here but a root's marker; see ``Root/removeContents(_:removed:mayGoOn:)``.
    func removeContents(
        _ jobs: Int = 16, removed: (Int64) -> Void = { _ in }, mayGoOn: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        for try await page in list(ListRequest()) {
            try await mayGoOn()
            try await remove(page, jobs)
            removed(Int64(page.count))
        }
        for try await page in uploadsInFlight() {
            try await mayGoOn()
            for upload in page { try await discardUpload(upload) }
        }
    }

    /// Takes the folders away that are empty now, the root's own last. What stands in one keeps it, and no file is
    /// removed; that a folder stays does no harm, and so is no error.
    func removeFolders() async {
        try? await capability((any ExaminedStorage).self)?.dismantle()
    }

    private func remove(_ page: [ListEntry], _ jobs: Int) async throws(StoreError) {
        var objects: [Key] = []
        var records: [Key] = []
        for case .key(let key, _) in page where key != FeedLayout.marker {
            if key.isRecord { records.append(key) } else { objects.append(key) }
        }
        try await concurrently(jobs, records) { (key) async throws(StoreError) in try await removeRecord(key) }
        for result in try await removeObjects(objects) { try result.get() }
    }
}
