internal import Synchronization

/// One run through a feed that deletes old versions; see ``RetainOperation``.
final class FeedRetention: Sendable {
    /// Why packages go.
    fileprivate struct Expiry: Sendable {
        let folder: FolderWalk.Folder
        let child: FolderChild
        let latest: Timestamp
    }

    private let opened: OpenFeed
    private let rules: [RetentionRule]
    private let options: RetainOperation.Options
    private let report: @Sendable (RetainOperation.Event) -> Void
    private let counter: WorkCounter
    private let tally = Mutex(RetainOperation.Summary())
    /// What was published after it, was published by a clock that is ahead.
    private let now = Timestamp.now

    init(
        _ opened: OpenFeed, by rules: [RetentionRule], _ options: RetainOperation.Options,
        _ report: @escaping @Sendable (RetainOperation.Event) -> Void
    ) {
        self.opened = opened
        self.rules = rules
        self.options = options
        self.report = report
        counter = WorkCounter("looking for old versions") { report(.progress($0)) }
    }

    func run() async throws(StoreError) -> RetainOperation.Summary {
        try await sweep("", after: options.after)
        return tally.withLock { $0 }
    }

    /// Goes through all packages below a folder, in key order, and settles each folder that rules name.
    /// - Parameters:
    ///   - scope: with a slash at its end; empty for the top of the feed.
    ///   - expiry: why what is in no such folder goes; nil where it stays.
    private func sweep(
        _ scope: String, after: PackagePath? = nil, expiry: Expiry? = nil
    ) async throws(StoreError) {
        var walk = FolderWalk(rules, in: scope)
        let passed: PassedOver = { [self] thing, why in leave(thing, why) }
        let query = PackageQuery(prefix: scope, after: after)
        for try await page in opened.storage.paths(query, passing: scope.isEmpty ? passed : nil) {
            if Task.isCancelled { throw cancellation }
            var others: [PackagePath] = []
            for path in page {
                if let folder = walk.leave(for: path) { try await settle(folder) }
                if !walk.enter(path) { others.append(path) }
            }
            if let expiry { try await remove(others, expiry) }
            if scope.isEmpty { tell(page.count, walk.reached) }
        }
        if let folder = walk.finish() { try await settle(folder) }
        if scope.isEmpty { tell(0, walk.reached) }
    }

    private func tell(_ count: Int, _ reached: PackagePath?) {
        let summary = tally.withLock { tally in
            tally.listed += Int64(count)
            return tally
        }
        counter.add(items: Int64(count))
        if let reached { report(.reached(reached, summary)) }
    }

    /// Lets the old children of a folder go.
    private func settle(_ folder: FolderWalk.Folder) async throws(StoreError) {
        if folder.children <= folder.rule.newest { return }
        let children: [FolderChild]
        do throws(StoreError) { children = try await look(in: folder.path, below: folder.path) } catch {
            return try pass(folder.path, error)
        }
        let going = children.older(keeping: folder.rule.newest)
        if going.isEmpty { return }
        try await expectSameRules()
        for child in going {
            guard let latest = child.latest else { continue }
            do throws(StoreError) { try await expire(Expiry(folder: folder, child: child, latest: latest)) } catch {
                try pass(child.path, error)
            }
        }
    }

    /// The children of a folder, as their records say.
    /// - Parameter prefix: the folder, or one of the children, of which alone the records are read then.
    /// - Throws: where anything cannot be read: what is not known may be newer than all else.
    private func look(in folder: String, below prefix: String) async throws(StoreError) -> [FolderChild] {
        var children: [FolderChild] = []
        let walk = RecordWalk(opened.storage, for: options.deletes ? .work : .reading)
        for try await page in opened.storage.listedPaths(PackageQuery(prefix: prefix)) {
            if Task.isCancelled { throw cancellation }
            for (listed, result) in zip(page, await walk.read(walk.page(page.map(\.record)))) {
                guard let record = try result.get() else { continue }
                let stored: Stored<PackageRecord> = try Stored(record, at: listed.path.key)
                try stored.body.check(listed.path)
                let child = FolderChild.path(in: folder, to: listed.path)
                if children.last?.path != child { children.append(FolderChild(child)) }
                children[children.count - 1].add(stored, now: now)
            }
        }
        return children
    }

    /// Lets the packages of a child go, unless it changed after it was looked at.
    private func expire(_ expiry: Expiry) async throws(StoreError) {
        let child = expiry.child.path
        if !expiry.child.isFolder { return try await remove([PackagePath(child)], expiry) }
        guard try await look(in: expiry.folder.path, below: child) == [expiry.child] else {
            return tally.withLock { $0.changed += 1 }
        }
        try await sweep(child, expiry: expiry)
    }

    private func remove(_ paths: [PackagePath], _ expiry: Expiry) async throws(StoreError) {
        try await concurrently(options.jobs, paths) { [self] (path) async throws(StoreError) in
            do throws(StoreError) { try await remove(path, expiry) } catch {
                if error.meetsEveryItem { throw error }
                tally.withLock { $0.failed += 1 }
                report(.failed(path.text, error))
            }
        }
    }

    private func remove(_ path: PackagePath, _ expiry: Expiry) async throws(StoreError) {
        guard let stored = try await opened.package(path), stored.body.deleted == nil else { return }
        guard expiry.admits(stored, now: now) else { return tally.withLock { $0.changed += 1 } }
        if options.deletes {
            let revision = stored.document.revision
            do throws(StoreError) {
                guard try await opened.feed.remove(path, if: .revision(revision), by: options.by) else { return }
            } catch  where error.code == .preconditionFailed {
                return tally.withLock { $0.changed += 1 }
            }
        }
        tally.withLock { tally in
            tally.expired += 1
            tally.bytes.add(stated: stored.body.size)
        }
        report(
            .expired(
                ExpiredPackage(
                    record: stored.body, folder: expiry.folder.path, child: expiry.child.path, latest: expiry.latest,
                    rule: expiry.folder.rule)))
    }

    /// - Throws: where the feed's rules, or its place, are not those any more that the run began with.
    private func expectSameRules() async throws(StoreError) {
        let record = try await opened.feed.record()
        guard record.epoch == opened.record.epoch else {
            throw StoreError(
                .migrating, "the feed \"\(record.feed)\" was changed or moved meanwhile; begin again", isRetryable: true
            )
        }
        if options.rules != nil || record.retentionRules == rules { return }
        throw StoreError(
            .preconditionFailed,
            "the rules of feed \"\(record.feed)\" were changed meanwhile, so nothing more was deleted; begin again",
            isRetryable: true)
    }

    /// Goes on with the rest where an error is about one folder.
    private func pass(_ folder: String, _ error: StoreError) throws(StoreError) {
        if error.meetsEveryItem || error.code == .preconditionFailed { throw error }
        leave(folder, error)
    }

    private func leave(_ thing: String, _ error: StoreError) {
        tally.withLock { $0.skipped += 1 }
        report(.failed(thing, error))
    }

    private var cancellation: StoreError {
        StoreError(.cancelled, "cancelled; the same command resumes where it stopped")
    }
}

extension FeedRetention.Expiry {
    /// Whether a package, as its record is now, may go: nothing was published or restored since the child was looked
    /// at.
    fileprivate func admits(_ stored: Stored<PackageRecord>, now: Timestamp) -> Bool {
        if child.isFolder { return stored.body.published <= latest && stored.body.restored == nil }
        var present = FolderChild(child.path)
        present.add(stored, now: now)
        return present == child
    }
}
