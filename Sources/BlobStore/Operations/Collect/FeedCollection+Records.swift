internal import Synchronization

extension FeedCollection {
    /// What all records name, but for tombstones older than the grace period.
    ///
    /// What a listing tells of a record's age is used where that is the age of its last write.
    ///
    /// In a bucket what is unchanged comes from the index of records, if this process saw that listings show each write
    /// at once. A listing that begins after the gate was swapped then shows every record that was written before.
    /// - Parameter condemned: content that is to go because of what these records say; nil while nothing is. Who
    ///   restores a package brings no content, so a tombstone that alone would keep it is read in any case.
    func references(condemned: Set<Digest>? = nil) async throws(StoreError) -> References {
        counter.begin("reading records", itemsTotal: recordCount.withLock { $0 })
        let count = Mutex<Int64>(0)
        let references = try await References.make()
        let keepsVersions = try await storage.capability((any FormerVersions).self, at: FeedLayout.marker) != nil
        let request = ListRequest(FeedLayout.packages, wantsDetails: !keepsVersions)
        var pages = storage.list(request).makeAsyncIterator()
        let walk = RecordWalk(storage, for: options.deletes ? .upkeep : .reading)
        let next = { () async throws(StoreError) -> (page: RecordWalk.Page, names: Int)? in
            guard let page = try await pages.next() else { return nil }
            return (walk.page(try Self.records(page)), page.count)
        }
        try await concurrently(options.jobs, next) { [self] (page, names) async throws(StoreError) in
            for (listed, result) in zip(page.records, await walk.read(page)) {
                try await references.add(try await named(by: listed, result.get(), condemned))
            }
            count.withLock { $0 += Int64(names) }
            counter.add(items: Int64(names))
        }
        await walk.end()
        recordCount.withLock { $0 = count.withLock { $0 } }
        if count.withLock({ $0 }) == 0, try await opened.storage.lacksFolderOfRecords() == true {
            throw StoreError(
                .corrupt,
                "the folder \(FeedLayout.packages) at \(opened.root.url) is missing, so what its records named is unknown and "
                    + "nothing is collected; restore it from a backup, or check the feed")
        }
        return references
    }

    /// The records of a page.
    /// - Throws: where something may hide records.
    private static func records(_ page: [ListEntry]) throws(StoreError) -> [ListedRecord] {
        var records: [ListedRecord] = []
        for entry in page {
            if entry.mayHideRecords { throw unknown(entry.text) }
            if case .key(let key, let info) = entry, key.isRecord { records.append(ListedRecord(key: key, info: info)) }
        }
        return records
    }

    /// - Throws: where a record does not tell what it names: then nothing may be freed.
    private func named(
        by listed: ListedRecord, _ found: Record?, _ condemned: Set<Digest>?
    ) async throws(StoreError) -> [Reference] {
        let path: PackagePath
        do { path = try PackagePath(of: listed.key) } catch { throw Self.unknown(listed.key.text) }
        guard let found else {
            // Records of a feed in use are never removed.
            throw StoreError(
                .unavailable,
                "the record \(listed.key) is listed but cannot be found, so what it names is unknown; try again")
        }
        let record = try Stored<PackageRecord>(found, at: listed.key).body
        try record.check(path)
        guard try await opened.isExpired(record, listed: listed.info) else { return record.allReferences }
        guard found.version == .indexed, let condemned, !record.references.isDisjoint(with: condemned) else {
            return []
        }
        // It may have been restored meanwhile, and deleted again: a new tombstone keeps its content, too.
        guard let now = try await opened.package(path)?.body else { return record.allReferences }
        return try await opened.isExpired(now) ? [] : now.allReferences
    }

    private static func unknown(_ name: String) -> StoreError {
        StoreError(
            .corrupt,
            "\(name) is not the record of any package path and may hide records, so what those name is unknown; move it away "
                + "first")
    }

    /// Frees former versions of records, and what writers left behind who died.
    func pruneRecords() async throws(StoreError) {
        guard try await storage.capability((any FormerVersions).self, at: FeedLayout.marker) != nil else { return }
        counter.begin("pruning records", itemsTotal: recordCount.withLock { $0 })
        if options.deletes { try await opened.root.storage.checkLocation() }
        for folder in [FeedLayout.packages, FeedLayout.checks] {
            var pages = storage.list(ListRequest(folder, passesUnreadable: true)).makeAsyncIterator()
            try await concurrently(options.jobs, { () async throws(StoreError) in try await pages.next() }) {
                [self] (page) async throws(StoreError) in
                for case .unreadable(let folder, let error) in page { fail(folder.text, error) }
                try await prune(page.compactMap { if case .key(let key, _) = $0, key.isRecord { key } else { nil } })
                if folder == FeedLayout.packages { counter.add(items: Int64(page.count)) }
            }
        }
    }

    private func prune(_ keys: [Key]) async throws(StoreError) {
        guard let place = try await storage.capability((any FormerVersions).self, at: keys) else { return }
        // Some dozens at a time, so that none holds up what waits for the same threads.
        for start in stride(from: 0, to: place.keys.count, by: 32) {
            let some = start..<min(start + 32, place.keys.count)
            do throws(StoreError) { try await prune(Array(place.keys[some]), at: place.storage) } catch
                where error.concernsOnePlace
            {
                if some.count == 1 {
                    fail(keys[start].text, error)
                } else {
                    for key in keys[some] { try await prune([key]) }
                }
            }
        }
    }

    private func prune(_ keys: [Key], at place: any FormerVersions) async throws(StoreError) {
        let former = try await place.formerVersions(of: keys, idle: opened.leftoverAge, removing: options.deletes)
        for version in former {
            add(version.name, version.info)
            if options.deletes { count { $0.addDeleted(version.info) } }
        }
    }
}
