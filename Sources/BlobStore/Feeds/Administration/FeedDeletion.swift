/// One process's work at the deletion of a feed.
///
///     looking    the feed is marked, so that nothing published from now on is reported done; nothing is gone
///     removing   everything goes but the root's marker, by which a missing mount is told from an emptied root
///     emptied    the marker goes, the root's folders, and last the feed's record
///
/// Each step stands in the feed's record before it is taken, and each is written only over the mark of this very run:
/// who takes a deletion over writes a run of its own, and the one before stops at its next look.
struct FeedDeletion: Sendable {
    private let store: PackageStore
    private let name: FeedName
    private let purges: Bool
    private let run = uniqueName()

    init(_ store: PackageStore, _ name: FeedName, purges: Bool) {
        self.store = store
        self.name = name
        self.purges = purges
    }

    func callAsFunction(_ removed: (Int64) -> Void) async throws(StoreError) {
        let stored = try await store.catalog.feed(name)
        if try await store.isEmptied(stored.body) { return try await finish(try await mark(stored), removed) }
        let opened = try await store.openForDeleting(stored.body)
        try await look(stored)
        var marked = try await mark(stored)
        if marked.body.deletion?.step == .looking {
            marked = try await enterRemoving(marked)
        }
        try await opened.root.removeContents(removed: removed) { () async throws(StoreError) in try await expectRun() }
        await store.roots.forget(opened.root.url)
        try await finish(try await enter(.emptied, marked), removed)
    }

    /// Before anything is written: a refused deletion leaves the feed as it is, or as it was before one that died.
    private func look(_ stored: Stored<FeedRecord>) async throws(StoreError) {
        if purges { return }
        do throws(StoreError) { try await store.refusePackagesOfDeletion(in: stored.body) } catch {
            if error.code == .alreadyExists, stored.body.deletion?.step == .looking { await goBack(stored) }
            throw error
        }
    }

    /// Looks once more, now that nobody's publication is reported done; whatever ends this, the feed goes back.
    private func enterRemoving(_ marked: Stored<FeedRecord>) async throws(StoreError) -> Stored<FeedRecord> {
        do throws(StoreError) {
            if !purges { try await store.refusePackagesOfDeletion(in: marked.body) }
            if Task.isCancelled { throw StoreError(.cancelled, "cancelled before anything was deleted") }
        } catch {
            await goBack(marked)
            throw error
        }
        return try await enter(.removing, marked)
    }

    private func goBack(_ marked: Stored<FeedRecord>) async {
        var next = marked.body
        next.giveUpDeletion()
        let (catalog, record) = (store.catalog, next)
        // If another process took it over, that one finishes it; if this fails, the same command tries again.
        _ = try? await uncancelled { () async throws(StoreError) in try await catalog.replace(marked, with: record) }
    }
}

extension FeedDeletion {
    private func mark(_ stored: Stored<FeedRecord>) async throws(StoreError) -> Stored<FeedRecord> {
        var next = stored.body
        next.beginDeletion(run: run, by: store.node.text, purges: purges)
        if try await store.isEmptied(stored.body) { next.deletion?.step = .emptied }
        return try await store.catalog.replace(stored, with: next)
    }

    private func enter(
        _ step: FeedRecord.Deletion.Step, _ marked: Stored<FeedRecord>
    ) async throws(StoreError) -> Stored<FeedRecord> {
        var next = marked.body
        next.deletion?.step = step
        return try await store.catalog.replace(marked, with: next)
    }

    /// Whoever was paused while another took over, finished, and the feed was made anew, deletes nothing of that.
    private func expectRun() async throws(StoreError) {
        guard try await store.catalog.find(name)?.body.deletion?.run == run else {
            throw StoreError(
                .preconditionFailed, "the feed \"\(name)\" is being deleted, or was deleted, by another process")
        }
    }

    /// Takes away what is left of an emptied root, and then the feed's record.
    private func finish(_ marked: Stored<FeedRecord>, _ removed: (Int64) -> Void) async throws(StoreError) {
        do throws(StoreError) {
            let storage = try await store.opener.open(store.location(marked.body))
            do throws(StoreError) { try await clear(storage, marked.body, removed) } catch {
                await storage.close()
                throw error
            }
            await storage.close()
        } catch  where error.code == .notFound {}  // The root's folder is gone already.
        try await expectRun()
        try await store.server.storage.removeRecord(Catalog.key(name))
    }

    private func clear(
        _ storage: any Storage, _ record: FeedRecord, _ removed: (Int64) -> Void
    ) async throws(StoreError) {
        let marker = try await Root.marker(in: storage)
        // Another's marker: somebody makes a feed of that name at this very moment. And in a place of the feed's own
        // without one, nobody knows what this is: the emptied root, or the folder beneath a missing mount.
        guard marker?.id == record.id || marker == nil && record.root == nil else { return }
        try await storage.removeContents(removed: removed) { () async throws(StoreError) in try await expectRun() }
        try await expectRun()
        try await storage.removeRecord(FeedLayout.marker)
        await storage.removeFolders()
    }
}
