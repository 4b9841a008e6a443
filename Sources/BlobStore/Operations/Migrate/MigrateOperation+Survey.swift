extension MigrateOperation {
    /// Says how much there is to copy, and about how long that takes; nothing is written.
    func survey(_ target: RootURL?) async throws(StoreError) -> Summary {
        let opened = try await feed.open()
        if opened.record.root == target { return Summary() }
        let destination = try await existing(target, of: opened.record)
        let survey = MigrationSurvey(from: opened, to: destination, options: options, report)
        do throws(StoreError) {
            let summary = try await survey.run()
            await destination?.storage.close()
            return summary
        } catch {
            await destination?.storage.close()
            throw error
        }
    }

    /// The root that the feed would go to, where it is there already; nil where it would be made.
    /// - Throws: what would refuse the place.
    private func existing(_ target: RootURL?, of record: FeedRecord) async throws(StoreError) -> Root? {
        let url = place(target)
        if let migration = record.migration, migration.root == target {
            return try await Root.open(
                url, Root.Identity(.feed, feed: feed.name, id: migration.id), with: opener)
        }
        try await store.refuseClosed(url, of: record)
        try await store.refuseOverlap(url, for: feed.name, inside: outer)
        guard try await store.marker(at: url) != nil else { return nil }
        let root = try await Root.open(url, Root.Identity(.feed, feed: feed.name), with: opener)
        let flaw: StoreError?
        do throws(StoreError) { flaw = try await reasonAgainst(root, record) } catch { flaw = error }
        guard let flaw else { return root }
        await root.storage.close()
        throw flaw
    }
}

/// Counts what a migration would copy: packages whose records are not there yet, and each content once.
private struct MigrationSurvey: Sendable {
    private let source: OpenFeed
    private let destination: Root?
    private let options: MigrateOperation.Options
    private let report: @Sendable (MigrateOperation.Event) -> Void
    private let counter: WorkCounter

    init(
        from source: OpenFeed, to destination: Root?, options: MigrateOperation.Options,
        _ report: @escaping @Sendable (MigrateOperation.Event) -> Void
    ) {
        self.source = source
        self.destination = destination
        self.options = options
        self.report = report
        counter = WorkCounter("reading records") { report(.progress($0)) }
    }

    func run() async throws(StoreError) -> MigrateOperation.Summary {
        var summary = MigrateOperation.Summary()
        let references = try await References.make()
        let began = ContinuousClock.now
        for try await page in source.paths(PackageQuery()) {
            try await count(page, references: references, summary: &summary)
            counter.add(items: Int64(page.count))
        }
        // What holds the writers is one more reading of all records, here and at the destination.
        let pass = (ContinuousClock.now - began).inSeconds * (destination == nil ? 2 : 1)
        let content = try await contentToCopy(references)
        summary.bytes = content.bytes
        summary.heldSecondsEstimated = pass
        summary.secondsEstimated = 2 * pass + (try await secondsToRead(content))
        return summary
    }

    private func count(
        _ page: [PackagePath], references: References, summary: inout MigrateOperation.Summary
    ) async throws(StoreError) {
        let there = await destination?.storage.readRecords(page.map(\.key)) ?? page.map { _ in .success(nil) }
        let here = await source.storage.readRecords(page.map(\.key))
        for ((path, found), present) in zip(zip(page, here), there) {
            do throws(StoreError) {
                guard let record = try found.get() else { continue }
                let body = try Stored<PackageRecord>(record, at: path.key).body
                try body.check(path)
                if try await source.isExpired(body) { continue }
                if try present.get()?.bytes == record.bytes { summary.skipped += 1 } else { summary.copied += 1 }
                try await references.add(body.allReferences)
            } catch {
                summary.failed += 1
                report(.failed(path.text, error))
            }
        }
    }

    /// Content that is not at the destination.
    private struct Content {
        var blobs: Int64 = 0
        var bytes: Int64 = 0
        /// Some of it, to measure with.
        var sample: [(digest: Digest, size: Int64)] = []
    }

    private func contentToCopy(_ references: References) async throws(StoreError) -> Content {
        var content = Content()
        counter.begin("looking at content")
        for bucket in 0..<References.bucketCount {
            for (digest, named) in try await references.load(bucket) {
                guard let reference = named.first else { continue }
                counter.add(items: 1)
                if let root = destination {
                    let found = try await ContentStore(root.storage).stat(digest)
                    if found?.size == reference.size { continue }
                }
                content.blobs += 1
                content.bytes.add(stated: reference.size)
                if content.sample.count < 64 { content.sample.append((digest, reference.size)) }
            }
        }
        return content
    }

    /// How long reading all that content takes, judged by some of it that is read and hashed: a time for each blob and
    /// for each byte, as one task would take them, shared by all tasks.
    private func secondsToRead(_ content: Content) async throws(StoreError) -> Double {
        let start = ContinuousClock.now
        var read: (blobs: Int64, bytes: Int64) = (0, 0)
        for (digest, size) in content.sample {
            if ContinuousClock.now - start > .seconds(2) { break }
            do throws(StoreError) {
                try await source.content.read(digest, size: size) { (content) async throws(StoreError) in
                    for try await _ in content.chunks {}
                }
            } catch  where error.code == .notFound || error.code == .corrupt { continue }
            read = (read.blobs + 1, read.bytes + size)
        }
        guard read.blobs > 0 else { return 0 }
        let seconds = (ContinuousClock.now - start).inSeconds
        let byBlobs = seconds * Double(content.blobs) / Double(read.blobs)
        let byBytes = read.bytes > 0 ? seconds * Double(content.bytes) / Double(read.bytes) : 0
        // Writing takes about as long as reading; more tasks than a few share the same disk or line.
        return 2 * max(byBlobs, byBytes) / Double(min(max(options.jobs ?? 16, 1), 4))
    }
}
