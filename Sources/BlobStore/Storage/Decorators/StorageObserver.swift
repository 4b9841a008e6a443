internal import CoreMetrics
internal import Logging

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
        if let error { return failure(operation, key, error) }
        successes[operation]?.increment()
        logger.trace("\(operation.rawValue) done", metadata: metadata(operation, key))
    }

    func failure(_ operation: StorageOperation, _ key: Key?, _ error: StoreError) {
        let dimensions = [("operation", operation.rawValue), ("outcome", error.code.rawValue)]
        Counter(label: "blobstore_storage_operations", dimensions: dimensions).increment()
        var metadata = metadata(operation, key)
        metadata["code"] = "\(error.code.rawValue)"
        logger.log(level: error.code.logLevel, "\(operation.rawValue) failed: \(error)", metadata: metadata)
    }

    func reportFailures<Value>(_ operation: StorageOperation, _ keys: [Key], _ results: [Result<Value, StoreError>]) {
        for (key, result) in zip(keys, results) {
            if case .failure(let error) = result { failure(operation, key, error) }
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
                failure(operation, key, error)
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

extension StoreError.Code {
    /// How loudly a storage's failure is told: not at all loudly where callers expect it.
    fileprivate var logLevel: Logger.Level {
        switch self {
        case .notFound, .alreadyExists, .preconditionFailed, .invalidKey, .invalidArgument, .cancelled, .unsupported,
            .digestMismatch, .migrating:
            .debug
        case .unavailable, .outcomeUnknown, .sourceFailed, .readOnly:
            .warning
        case .permissionDenied, .outOfSpace, .corrupt, .unknownFormat, .wrongRoot, .failed:
            .error
        }
    }
}
