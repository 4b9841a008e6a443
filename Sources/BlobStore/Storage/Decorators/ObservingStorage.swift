internal import CoreMetrics
public import Logging

/// A storage whose operations are logged and measured.
///
/// Metrics, each with the dimension `operation`: `blobstore_storage_operations` (counter, also by `outcome`: `ok` or
/// an error's code), `blobstore_storage_duration` (timer; a read's ends when the object is open, a listing's with each
/// page) and `blobstore_storage_bytes` (counter).
///
/// Logs: what a caller deals with in the ordinary course (`notFound`, a lost race, a cancellation) at debug, what may
/// pass by itself at warning, anything else that failed at error, and success at trace.
public struct ObservingStorage: StorageDecorator {
    private let base: any Storage
    private let observer: StorageObserver

    /// `base`, observed.
    /// - Parameters:
    ///   - base: what is observed.
    ///   - logger: takes the messages; the key stands in their metadata.
    ///   - clock: times the operations.
    public init(_ base: any Storage, logger: Logger, clock: some Clock<Duration> = ContinuousClock()) {
        self.base = base
        observer = StorageObserver(address: base.address, logger: logger, clock: clock)
    }

    public var address: String { base.address }
    public var capabilities: Capabilities { base.capabilities }
    public func close() async { await base.close() }

    public func checkLocation() async throws(StoreError) {
        try await observer.around(.checkLocation) { () async throws(StoreError) in try await base.checkLocation() }
    }

    public func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) { (base, key) }
}

extension ObservingStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try await observer.around(.statObject, key) { () async throws(StoreError) in try await base.statObject(key) }
    }

    /// What `body` throws is the caller's own affair, and not counted here.
    public func readObject(
        _ key: Key, range: Range<Int64>?, _ body: (ObjectContent) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let start = observer.now()
        var isOpen = false
        do {
            try await base.readObject(key, range: range) { content async throws(StoreError) in
                isOpen = true
                observer.report(.readObject, key, since: start, nil)
                let chunks = observer.chunks(content.chunks, of: key, .readObject)
                try await body(ObjectContent(info: content.info, range: content.range, chunks: chunks))
            }
        } catch {
            if !isOpen { observer.report(.readObject, key, since: start, error) }
            throw error
        }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try await observer.around(.writeObject, key) { () async throws(StoreError) in
            let outcome = try await base.writeObject(key, source)
            if outcome == .created { observer.count(bytes: source.size, .writeObject) }
            return outcome
        }
    }

    public func stageObject() async throws(StoreError) -> StagedObject {
        let start = observer.now()
        do {
            let staged = try await base.stageObject()
            observer.report(.stageObject, nil, since: start, nil)
            return StagedObject(
                DecoratedUpload(staged) { [observer] operation, size, work async throws(StoreError) in
                    try await observer.around(operation, nil, work)
                    observer.count(bytes: Int64(size), operation)
                })
        } catch {
            observer.report(.stageObject, nil, since: start, error)
            throw error
        }
    }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try await observer.around(.refreshObject, key) { () async throws(StoreError) in
            try await base.refreshObject(key, size: size)
        }
    }

    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try await observer.around(.moveObject, key) { () async throws(StoreError) in
            try await base.moveObject(key, to: destination)
        }
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await observer.around(.copyObject, destination) { () async throws(StoreError) in
            try await base.copyObject(from: source, key, to: destination)
        }
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        let results = try await observer.around(.removeObjects, keys.first) { () async throws(StoreError) in
            try await base.removeObjects(keys)
        }
        observer.reportFailures(.removeObjects, keys, results)
        return results
    }
}

extension ObservingStorage {
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        let start = observer.now()
        let results = await base.readRecords(keys)
        observer.report(.readRecords, keys.first, since: start, nil)
        observer.reportFailures(.readRecords, keys, results)
        let size = results.reduce(0) { sum, result in sum + (((try? result.get())?.bytes.count) ?? 0) }
        observer.count(bytes: Int64(size), .readRecords)
        return results
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try await observer.around(.writeRecord, key) { () async throws(StoreError) in
            let version = try await base.writeRecord(key, bytes, expecting: expecting)
            observer.count(bytes: Int64(bytes.count), .writeRecord)
            return version
        }
    }

    public func flushRecord(_ key: Key) async throws(StoreError) {
        try await observer.around(.flushRecord, key) { () async throws(StoreError) in try await base.flushRecord(key) }
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try await observer.around(.removeRecord, key) { () async throws(StoreError) in
            try await base.removeRecord(key)
        }
    }

    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> { observer.pages(base.list(request), .list) }

    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        observer.pages(base.uploadsInFlight(), .uploadsInFlight)
    }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        try await observer.around(.discardUpload) { () async throws(StoreError) in
            try await base.discardUpload(upload)
        }
    }
}
