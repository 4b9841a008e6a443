internal import CoreMetrics
public import Logging

/// A storage whose operations are logged and measured.
///
/// Metrics, each with the dimension `operation`: `blobstore_storage_operations` (counter, also by `outcome`: `ok` or
/// an error's code), `blobstore_storage_duration` (timer; a read's ends when the object is open, a listing's with each
/// page) and `blobstore_storage_bytes` (counter).
///
/// Logs: what was changed, and failures, at debug, and the rest at trace; no louder, since the caller gets the error
/// and knows what it means.
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

    /// `base`, observed if anybody listens by now: a log that takes what this tells, or a metrics system. Else `base`
    /// as it is, with nothing before it.
    public static func ifAnybodyListens(to base: any Storage, logger: Logger) -> any Storage {
        let isMeasured = !(MetricsSystem.factory is NOOPMetricsHandler)
        return isMeasured || logger.logLevel <= .debug ? ObservingStorage(base, logger: logger) : base
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
    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = observer.now()
        var isOpen = false
        do {
            return try await base.readObject(key, range: range, in: pieces) {
                content async throws(StoreError) -> Value in
                isOpen = true
                observer.report(.readObject, key, since: start, nil)
                let chunks = observer.chunks(content.chunks, of: key, .readObject)
                return try await body(ObjectContent(info: content.info, range: content.range, chunks: chunks))
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
        observer.reportFailures(.removeObjects, of: keys, in: results)
        return results
    }
}

extension ObservingStorage {
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        let start = observer.now()
        let results = await base.readRecords(keys)
        observer.report(.readRecords, keys.first, since: start, nil)
        observer.reportFailures(.readRecords, of: keys, in: results)
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

// MARK: - What is told

/// What an observed storage tells the log and the metrics.
struct StorageObserver: Sendable {
    private let logger: Logger
    let now: @Sendable () -> Duration
    private let timers: [StorageOperation: Timer]
    private let bytes: [StorageOperation: Counter]
    private let successes: [StorageOperation: Counter]

    init(address: String, logger: Logger, clock: some Clock<Duration>) {
        var logger = logger
        logger[metadataKey: "root"] = "\(address)"
        self.logger = logger
        let start = clock.now
        now = { start.duration(to: clock.now) }
        timers = Self.each { Timer(label: "blobstore_storage_duration", dimensions: $0) }
        bytes = Self.each { Counter(label: "blobstore_storage_bytes", dimensions: $0) }
        successes = Self.each {
            Counter(label: "blobstore_storage_operations", dimensions: $0 + [("outcome", "ok")])
        }
    }

    private static func each<Metric>(_ make: ([(String, String)]) -> Metric) -> [StorageOperation: Metric] {
        Dictionary(uniqueKeysWithValues: StorageOperation.allCases.map { ($0, make([("operation", $0.rawValue)])) })
    }

    func around<Value>(
        _ operation: StorageOperation, _ key: Key? = nil, _ work: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = now()
        do {
            let value = try await work()
            report(operation, key, since: start, nil)
            return value
        } catch {
            report(operation, key, since: start, error)
            throw error
        }
    }

    func report(_ operation: StorageOperation, _ key: Key?, since start: Duration, _ error: StoreError?) {
        let (seconds, attoseconds) = (now() - start).components
        timers[operation]?.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        if let error { return failure(operation, at: key, error: error) }
        successes[operation]?.increment()
        logger.log(
            level: operation.isChange ? .debug : .trace, "\(operation.rawValue) done",
            metadata: metadata(operation, key))
    }

    func failure(_ operation: StorageOperation, at key: Key?, error: StoreError) {
        let dimensions = [("operation", operation.rawValue), ("outcome", error.code.rawValue)]
        Counter(label: "blobstore_storage_operations", dimensions: dimensions).increment()
        var metadata = metadata(operation, key)
        metadata["code"] = "\(error.code.rawValue)"
        logger.debug("\(operation.rawValue) failed: \(error)", metadata: metadata)
    }

    func reportFailures<Value>(_ operation: StorageOperation, of keys: [Key], in results: [Result<Value, StoreError>]) {
        for (key, result) in zip(keys, results) {
            if case .failure(let error) = result { failure(operation, at: key, error: error) }
        }
    }

    func count(bytes byteCount: Int64, _ operation: StorageOperation) {
        if byteCount > 0 { bytes[operation]?.increment(by: byteCount) }
    }

    /// The chunks, counted as they pass.
    func chunks(_ chunks: AsyncPull<[UInt8]>, of key: Key, _ operation: StorageOperation) -> AsyncPull<[UInt8]> {
        let next = chunks.puller()
        return AsyncPull { () async throws(StoreError) in
            do throws(StoreError) {
                guard let chunk = try await next() else { return nil }
                count(bytes: Int64(chunk.count), operation)
                return chunk
            } catch {
                failure(operation, at: key, error: error)
                throw error
            }
        }
    }

    /// The pages, each of which is an operation.
    func pages<Item: Sendable>(_ pages: AsyncPull<[Item]>, _ operation: StorageOperation) -> AsyncPull<[Item]> {
        let next = pages.puller()
        return AsyncPull { () async throws(StoreError) in
            try await around(operation, nil) { () async throws(StoreError) in try await next() }
        }
    }

    private func metadata(_ operation: StorageOperation, _ key: Key?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["operation": "\(operation.rawValue)"]
        if let key { metadata["key"] = "\(key)" }
        return metadata
    }
}
