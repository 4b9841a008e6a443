extension MigrateOperation {
    /// Counts what there is to copy.
    func survey(_ target: RootURL?) async throws(StoreError) -> Summary {
        var summary = Summary()
        let visit = try await feed.visit()
        if visit.record.root == target { return summary }
        let counter = WorkCounter("counting") { [report] in report(.progress($0)) }
        for try await page in visit.paths(PackageQuery()) {
            for listing in await visit.read(page, includesDeleted: true) {
                switch listing {
                case .package(let record):
                    if visit.isExpired(record) { continue }
                    summary.copied += 1
                    summary.bytes += record.size
                case .unreadable(let path, let error):
                    summary.failed += 1
                    report(.failed(path.text, error))
                }
            }
            counter.add(items: Int64(page.count))
        }
        return summary
    }

    /// Frees the root that the feed was in before, after making sure that the new one has everything.
    /// - Throws: `notFound` when there is no former root; `corrupt` when something is missing in the new one, and then
    ///   nothing is deleted.
    public func deleteSource() async throws(StoreError) {
        try await holdingLease { () async throws(StoreError) in
            let store = feed.store
            let stored = try await store.catalog.feed(feed.name)
            guard let former = stored.body.former, stored.body.state == .active else {
                throw StoreError(.notFound, "the feed \"\(feed.name)\" has no former root to delete")
            }
            let place = former.root ?? store.server.url.appending(Catalog.place(feed.name))
            let root = try await Root.open(
                place, Root.Identity(.feed, feed: feed.name, id: former.id), with: store.opener)
            do throws(StoreError) {
                try await refuseUnlessCopied(root)
                try await root.removeContents()
                var next = stored.body
                next.former = nil
                // The marker goes last: without it a deletion that died would find no root to go on with.
                _ = try await store.catalog.replace(stored, with: next)
                try await root.storage.removeRecord(FeedLayout.marker)
            } catch {
                await root.storage.close()
                throw error
            }
            await root.storage.close()
        }
    }

    /// Every record of the former root must be in the new one, as far as it is not an expired tombstone, with all
    /// content that the former root has of it.
    private func refuseUnlessCopied(_ former: Root) async throws(StoreError) {
        let visit = try await feed.visitForWriting()
        let old = FeedVisit(feed: feed, record: visit.record, root: former)
        let counter = WorkCounter("checking the new root") { [report] in report(.progress($0)) }
        for try await page in old.paths(PackageQuery()) {
            try await concurrently(options.jobs, await old.read(page, includesDeleted: true)) {
                (listing) async throws(StoreError) in
                switch listing {
                case .package(let record):
                    if old.isExpired(record) { return }
                    try await refuseUnlessCopied(record.path, from: old, to: visit)
                // What cannot be read here must be there all the same.
                case .unreadable(let path, _): try await refuseUnlessCopied(path, from: old, to: visit)
                }
            }
            counter.add(items: Int64(page.count))
        }
    }

    private func refuseUnlessCopied(
        _ path: PackagePath, from old: FeedVisit, to new: FeedVisit
    ) async throws(StoreError) {
        guard let now = try await new.package(path)?.body else {
            throw StoreError(
                .corrupt, "\"\(path)\" is in \(old.root.url) and not in \(new.root.url): nothing was deleted")
        }
        for reference in now.allReferences {
            if try await new.content.stat(reference.digest)?.size == reference.size { continue }
            // What was deleted or replaced may be gone for good, in both.
            if reference.kind != .current, try await old.content.stat(reference.digest) == nil { continue }
            throw StoreError(
                .corrupt, "the content of \"\(path)\" is not whole in \(new.root.url): nothing was deleted")
        }
    }
}

extension Root {
    /// Whether any package record stands here.
    func holdsPackages() async throws(StoreError) -> Bool {
        for try await page in storage.list(ListRequest(FeedLayout.packages)) where !page.isEmpty { return true }
        return false
    }
}
