/// Deletes one former root of a feed, or sets it aside.
///
/// Before anything goes, the catalog is swapped to say that this root is being deleted, and by which run. That mark
/// is only set while no migration is under way, and no migration begins to a root that carries it. It goes when all
/// is gone and every run that ever stood in it has said that it ended; so whoever was paused in the middle, however
/// long, finds the place as dead as it left it. The lease only avoids double work. Whoever ends with an error says
/// nothing: a removal that it asked for may still be on its way.
struct SourceDeletion: Sendable {
    private let operation: MigrateOperation
    private let former: FormerRoot
    private let disposal: MigrateOperation.Disposal
    private let lease: Lease
    private let run: FormerRoot.Deletion.Run

    init(
        _ operation: MigrateOperation, of former: FormerRoot, disposal: MigrateOperation.Disposal, under lease: Lease
    ) {
        self.operation = operation
        self.former = former
        self.disposal = disposal
        self.lease = lease
        let node = operation.feed.store.node.text
        run = FormerRoot.Deletion.Run(id: uniqueName(), node: node, since: .now)
    }

    private var feed: Feed { operation.feed }
    private var store: PackageStore { operation.feed.store }

    func callAsFunction() async throws(StoreError) {
        let stored = try await store.catalog.feed(feed.name)
        try stored.body.expectSettled()
        let live = try await feed.openForWriting()
        let place = operation.place(former.root)
        try await refuseUnlessApart(place, live)
        if former.deletion?.isSetAside == true, try await store.marker(at: place)?.setAside != nil {
            return try await sayEnd()  // By a run that died before it could.
        }
        let root = try await Root.open(
            place, Root.Identity(.feed, feed: feed.name, id: former.id), with: store.opener)
        do throws(StoreError) {
            try await SourceComparison(
                operation, of: OpenFeed(feed: feed, record: live.record, root: root), with: live,
                keepsFormer: disposal == .setAside
            ).run()
            // Exactly the version under which the comparison was made: the feed has not moved since.
            _ = try await store.catalog.replace(stored, with: try marked(stored.body))
            try await dispose(of: root)
        } catch {
            await root.storage.close()
            throw error
        }
        await root.storage.close()
        try await sayEnd()
    }

    /// Neither root may stand in the other: what is below a root goes with it.
    private func refuseUnlessApart(_ place: RootURL, _ live: OpenFeed) async throws(StoreError) {
        try await store.refuseKnownRoots(overlapping: place, for: feed.name)
        let schemes = store.opener.schemes
        if try await schemes.resolved(place) == schemes.resolved(live.root.url) { throw overlap(place, live.root.url) }
        for (inner, outerID) in [(live.root.url, former.id), (place, live.root.id)] {
            for parent in try await schemes.parents(of: schemes.resolved(inner)) {
                if try await store.marker(at: parent)?.id == outerID { throw overlap(place, live.root.url) }
            }
        }
    }

    private func overlap(_ place: RootURL, _ live: RootURL) -> StoreError {
        StoreError(
            .alreadyExists,
            "the former root \(place) and the root \(live) of feed \"\(feed.name)\" overlap; nothing was "
                + "deleted; first move the feed to a place outside both")
    }

    /// The feed's record with the mark, by this run.
    private func marked(_ record: FeedRecord) throws(StoreError) -> FeedRecord {
        let isSetAside = disposal == .setAside
        if let deletion = former.deletion, isSetAside, !deletion.isSetAside {
            throw StoreError(
                .invalidArgument,
                "the former root \(operation.place(former.root)) is already partly deleted and cannot be set aside as "
                    + "a whole; finish with --delete-source alone")
        }
        var next = record
        next.change(formerRoot: former.id) { former in
            former.deletion =
                former.deletion ?? FormerRoot.Deletion(runs: [], isDone: false, isSetAside: isSetAside)
            former.deletion?.isSetAside = isSetAside
            // One that sets aside removes nothing, however late it goes on.
            if !isSetAside { former.deletion?.runs.append(run) }
        }
        return next
    }

    private func dispose(of root: Root) async throws(StoreError) {
        switch disposal {
        case .setAside:
            try await expectMark()
            let marker: Stored<RootMarker>? = try await root.storage.document(FeedLayout.marker)
            guard let marker, marker.body.id == former.id else { return }  // It is done, by another run.
            _ = try await root.storage.replace(
                FeedLayout.marker, marker, with: marker.body.markedAside(by: operation.options.by))
        case .delete:
            let counter = WorkCounter("deleting the former root") { [operation] in operation.report(.progress($0)) }
            try await root.removeContents(operation.options.jobs ?? 16, removed: { counter.add(items: $0) }) {
                () async throws(StoreError) in try await expectMark()
            }
            // From here on nobody needs the marker to find what is left.
            try await change { $0.isDone = true }
            try await root.storage.removeRecord(FeedLayout.marker)
            await root.storage.removeFolders()
        }
    }

    /// - Throws: when this run is not at work any more, or the root is the feed's again.
    private func expectMark() async throws(StoreError) {
        try lease.check()
        let record = try await feed.record()
        let deletion = record.formerRoots.first { $0.id == former.id }?.deletion
        let isMine = disposal == .setAside || deletion?.runs.contains { $0.id == run.id } == true
        guard record.id != former.id, deletion != nil, isMine else {
            throw StoreError(
                .preconditionFailed,
                "the former root \(operation.place(former.root)) was handled by another process; look, and try again")
        }
    }

    private func change(_ change: (inout FormerRoot.Deletion) -> Void) async throws(StoreError) {
        _ = try await store.catalog.update(feed.name) { (record) throws(StoreError) in
            var next = record
            next.change(formerRoot: former.id) { former in
                if var deletion = former.deletion {
                    change(&deletion)
                    former.deletion = deletion
                }
            }
            return next == record ? nil : next
        }
    }

    /// Takes this run out of the mark; the last one forgets the root.
    private func sayEnd() async throws(StoreError) {
        try await change { deletion in
            deletion.isDone = true
            deletion.runs.removeAll { $0.id == run.id }
        }
        try await operation.forgetDone()
    }
}
