internal import Synchronization

/// A storage that moves no more bytes per second, in both directions together, than a bucket allows.
///
/// Several storages may share a bucket. What moves no bytes through this process (a copy, a listing) is not held up.
public struct ThrottledStorage: StorageDecorator {
    private let base: any Storage
    private let bucket: TokenBucket

    /// `base`, held to the rate of `bucket`.
    public init(_ base: any Storage, bucket: TokenBucket) {
        self.base = base
        self.bucket = bucket
    }

    public var address: String { base.address }
    public var capabilities: Capabilities { base.capabilities }
    public func checkLocation() async throws(StoreError) { try await base.checkLocation() }
    public func close() async { await base.close() }

    public func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) { (base, key) }
}

extension ThrottledStorage {
    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await base.readObject(key, range: range, in: pieces) { content async throws(StoreError) -> Value in
            try await body(ObjectContent(info: content.info, range: content.range, chunks: held(content.chunks)))
        }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        let slow = ObjectSource(size: source.size) { () async throws(StoreError) in held(try await source.read()) }
        return try await base.writeObject(key, slow)
    }

    public func stageObject() async throws(StoreError) -> StagedObject {
        let bucket = bucket
        return StagedObject(
            DecoratedUpload(try await base.stageObject()) { _, size, work async throws(StoreError) in
                try await bucket.take(size)
                try await work()
            })
    }

    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        let found = await base.readRecords(keys)
        let size = found.reduce(0) { sum, result in sum + (((try? result.get())?.bytes.count) ?? 0) }
        do throws(StoreError) { try await bucket.take(size) } catch {
            return keys.map { _ in .failure(error) }
        }
        return found
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try await bucket.take(bytes.count)
        return try await base.writeRecord(key, bytes, expecting: expecting)
    }

    private func held(_ chunks: AsyncPull<[UInt8]>) -> AsyncPull<[UInt8]> {
        let next = chunks.puller()
        return AsyncPull { () async throws(StoreError) in
            guard let chunk = try await next() else { return nil }
            try await bucket.take(chunk.count)
            return chunk
        }
    }
}

extension ThrottledStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? { try await base.statObject(key) }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try await base.refreshObject(key, size: size)
    }

    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try await base.moveObject(key, to: destination)
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await base.copyObject(from: source, key, to: destination)
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        try await base.removeObjects(keys)
    }

    public func flushRecord(_ key: Key) async throws(StoreError) { try await base.flushRecord(key) }
    public func removeRecord(_ key: Key) async throws(StoreError) { try await base.removeRecord(key) }
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> { base.list(request) }
    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> { base.uploadsInFlight() }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        try await base.discardUpload(upload)
    }
}

// MARK: - The allowance

/// A shared allowance of bytes per second: whoever takes more than there is waits for its turn.
///
/// *Guarantees*: in any time t, at most one burst and t × rate bytes pass; takers are served in the order in which
/// they came.
public final class TokenBucket: Sendable {
    /// The allowance.
    public let bytesPerSecond: Int64
    /// Time, by the clock it was given, at which all that was taken so far is paid for.
    private let paidUpAt: Mutex<Duration>
    private let burst: Duration
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - bytesPerSecond: at least 1.
    ///   - burstSeconds: how much of an unused allowance may be made up for later.
    ///   - clock: tells the time and waits.
    public init(
        bytesPerSecond: Int64, burstSeconds: Double = 0.25, clock: some Clock<Duration> = ContinuousClock()
    ) {
        let start = clock.now
        self.bytesPerSecond = max(1, bytesPerSecond)
        burst = .seconds(max(0, burstSeconds))
        now = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        paidUpAt = Mutex(.zero - burst)
    }

    /// Takes an allowance of so many bytes, and returns when they may pass.
    /// - Throws: `cancelled`.
    public func take(_ byteCount: Int) async throws(StoreError) {
        guard byteCount > 0 else { return }
        let price = Duration.seconds(Double(byteCount) / Double(bytesPerSecond))
        let wait = paidUpAt.withLock { paidUpAt in
            let now = now()
            paidUpAt = max(paidUpAt, now - burst) + price
            return paidUpAt - now
        }
        guard wait > .zero else { return }
        do { try await sleep(wait) } catch {
            throw StoreError(.cancelled, "waiting for bandwidth was cancelled")
        }
    }
}
