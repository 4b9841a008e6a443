internal import Synchronization

/// One collection of one feed.
final class FeedCollection: Sendable {
    let opened: OpenFeed
    let options: CollectOperation.Options
    private let report: @Sendable (CollectOperation.Event) -> Void
    let counter: WorkCounter
    let grace: Duration
    private let summary = Mutex(CollectOperation.Summary())
    /// How many records were listed the last time; nil before the first.
    let recordCount = Mutex<Int64?>(nil)

    init(
        _ opened: OpenFeed, _ options: CollectOperation.Options,
        _ report: @escaping @Sendable (CollectOperation.Event) -> Void
    ) {
        self.opened = opened
        self.options = options
        self.report = report
        counter = WorkCounter("collecting") { report(.progress($0)) }
        grace = .seconds(opened.record.graceSeconds)
    }

    var storage: any Storage { opened.storage }

    func run() async throws(StoreError) -> CollectOperation.Summary {
        if options.deletes { try await storage.useOwnClock() }
        if storage.capabilities.atomicMove { try await collectByRetiring() } else { try await collectByCondemning() }
        try await discardUploads()
        try await pruneRecords()
        return summary.withLock { $0 }
    }

    /// Counts what was done.
    func count(_ change: (inout CollectOperation.Summary) -> Void) { summary.withLock { change(&$0) } }

    /// An object with what is known of it.
    struct Blob: Sendable {
        let key: Key
        let digest: Digest
        let info: ObjectInfo
    }

    func blob(_ key: Key, digest: Digest?, info: ObjectInfo?) async throws(StoreError) -> Blob? {
        guard let digest, let known = if let info { info } else { try await storage.statObject(key) } else {
            return nil
        }
        return Blob(key: key, digest: digest, info: known)
    }

    /// Calls `body` for each blob that no record names and that is old enough.
    func eachUnnamed(
        _ named: References, _ body: @escaping @Sendable (Blob) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var named = OrderedReferences(named)
        let request = ListRequest(FeedLayout.blobs, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            var unnamed: [Blob] = []
            for case .key(let key, let info) in page {
                guard let blob = try await blob(key, digest: FeedLayout.digest(ofBlob: key), info: info) else {
                    continue
                }
                let isNamed = try await !named.named(blob.digest).isEmpty
                if !isNamed && blob.info.age > grace { unnamed.append(blob) }
            }
            try await concurrently(options.jobs, unnamed, body)
        }
    }
}

extension FeedCollection {
    /// Counts what would go against all there is, and reports it.
    /// - Returns: how many blobs are garbage.
    @discardableResult
    func refuseBeyondCap(_ named: References) async throws(StoreError) -> Int64 {
        counter.begin("looking at blobs")
        var blobs: Int64 = 0, bytes: Int64 = 0
        let request = ListRequest(FeedLayout.blobs, wantsDetails: true, passesUnreadable: true)
        for try await page in storage.list(request) {
            for entry in page {
                if case .unreadable(let folder, let error) = entry { fail(folder.text, error) }
                guard case .key(_, let info) = entry else { continue }
                blobs += 1
                bytes.add(stated: info?.size ?? 0)
            }
            counter.add(items: Int64(page.count))
        }
        try await eachUnnamed(named) { [self] (blob) async throws(StoreError) in add(blob.key.text, blob.info) }
        let garbage = summary.withLock { $0 }
        let share = max(percent(garbage.candidates, blobs), percent(garbage.bytes, bytes))
        guard !options.deletes || share <= options.maximumPercent else {
            throw StoreError(
                .invalidArgument,
                "\(garbage.candidates) of \(blobs) blobs of feed \"\(opened.feed.name)\" are garbage, which is more than "
                    + "\(options.maximumPercent) %; look at them, and allow it with --max-delete")
        }
        return garbage.candidates
    }

    private func percent(_ part: Int64, _ whole: Int64) -> Double {
        whole == 0 ? 0 : Double(part) * 100 / Double(whole)
    }

    func add(_ key: String, _ info: ObjectInfo) {
        summary.withLock { summary in
            summary.candidates += 1
            summary.bytes.add(stated: info.size)
        }
        report(.garbage(key: key, size: info.size, age: info.age))
    }

    /// Tells of something that could not be removed; the collection goes on.
    func fail(_ key: String, _ error: StoreError) {
        summary.withLock { $0.failed += 1 }
        report(.failed(key: key, error))
    }

    /// Works on one thing; where that is not possible it is told, and the collection goes on with the others.
    func passing(_ key: String, _ body: () async throws(StoreError) -> Void) async throws(StoreError) {
        do throws(StoreError) { try await body() } catch  where error.concernsOnePlace { fail(key, error) }
    }

    private func discardUploads() async throws(StoreError) {
        try await passing("uploads in flight") { () async throws(StoreError) in
            for try await page in storage.uploadsInFlight() {
                for upload in page where upload.age > opened.leftoverAge {
                    add(upload.id, upload.info)
                    if options.deletes { try await discard(upload) }
                }
            }
        }
    }

    private func discard(_ upload: UploadInFlight) async throws(StoreError) {
        try await passing(upload.id) { () async throws(StoreError) in
            try await storage.discardUpload(upload)
            count { $0.addDeleted(upload.info) }
        }
    }
}

extension UploadInFlight {
    /// What is known of it, as of an object.
    fileprivate var info: ObjectInfo { ObjectInfo(size: size, age: age) }
}
