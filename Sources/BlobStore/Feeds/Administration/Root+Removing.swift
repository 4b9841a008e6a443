extension Root {
    /// Removes all that the root holds, its marker last.
    /// - Parameters:
    ///   - removed: told how many things are gone.
    ///   - mayGoOn: asked before each batch; throws when it may not.
    package func removeEverything(
        removed: (Int64) -> Void = { _ in }, _ mayGoOn: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try await removeContents(removed: removed, mayGoOn: mayGoOn)
        try await mayGoOn()
        try await storage.removeRecord(FeedLayout.marker)
    }

    /// Takes the folders away that are empty now, the root's own last. What stands in one keeps it, and no file is
    /// removed; that a folder stays does no harm, and so is no error.
    package func removeFolders() async {
        try? await (storage as? any ExaminedStorage)?.dismantle()
    }

    /// Removes all that the root holds but its marker.
    /// - Parameters:
    ///   - jobs: records removed at once.
    ///   - removed: told how many things are gone.
    ///   - mayGoOn: asked before each batch; throws when it may not.
    package func removeContents(
        _ jobs: Int = 16, removed: (Int64) -> Void = { _ in }, mayGoOn: () async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try await verify()
        for try await page in storage.list(ListRequest()) {
            try await mayGoOn()
            try await remove(page, jobs)
            removed(Int64(page.count))
        }
        for try await page in storage.uploadsInFlight() {
            try await mayGoOn()
            for upload in page { try await storage.discardUpload(upload) }
        }
    }

    private func remove(_ page: [ListEntry], _ jobs: Int) async throws(StoreError) {
        var objects: [Key] = []
        var records: [Key] = []
        for case .key(let key, _) in page where key != FeedLayout.marker {
            if key.isRecord { records.append(key) } else { objects.append(key) }
        }
        let storage = storage
        try await concurrently(jobs, records) { (key) async throws(StoreError) in try await storage.removeRecord(key) }
        for result in try await storage.removeObjects(objects) { try result.get() }
    }
}
