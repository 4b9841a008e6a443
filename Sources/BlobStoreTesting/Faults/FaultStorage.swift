public import ObjectStorage
internal import Synchronization

/// A storage that fails as a plan says: for tests of whatever stands above a storage.
///
/// What the plan leaves alone goes through to the storage beneath.
public final class FaultStorage: StorageDecorator {
    private let base: any Storage
    private let plan: FaultPlan
    private let counts = Mutex<[StorageOperation: Int]>([:])

    /// `base`, with the faults of `plan`.
    public init(_ base: any Storage, plan: FaultPlan) {
        self.base = base
        self.plan = plan
    }

    public var address: String { base.address }
    public var capabilities: Capabilities { base.capabilities }
    public func close() async { await base.close() }

    public func checkLocation() async throws(StoreError) {
        try await around(.checkLocation) { () async throws(StoreError) in try await base.checkLocation() }
    }

    public func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) { (base, key) }

    /// How often the operation was asked for so far.
    public func count(of operation: StorageOperation) -> Int { counts.withLock { $0[operation] ?? 0 } }

    private func fault(_ operation: StorageOperation, _ key: Key?) -> Fault? {
        let occurrence = counts.withLock { counts in
            defer { counts[operation, default: 0] += 1 }
            return counts[operation] ?? 0
        }
        return plan.decide(operation, key?.text, occurrence)
    }

    private func around<Value>(
        _ operation: StorageOperation, _ key: Key? = nil, _ work: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        switch fault(operation, key) {
        case .before(let error), .cutOff(_, let error):
            throw error.during(operation.rawValue, key: key?.text)
        case .after(let error):
            _ = try await work()
            throw error.during(operation.rawValue, key: key?.text)
        case .late(let others):
            await others()
            return try await work()
        case nil:
            return try await work()
        }
    }
}

extension FaultStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try await around(.statObject, key) { () async throws(StoreError) in try await base.statObject(key) }
    }

    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let fault = fault(.readObject, key)
        if case .before(let error) = fault { throw error.during("readObject", key: key.text) }
        if case .late(let others) = fault { await others() }
        let value = try await base.readObject(key, range: range, in: pieces) {
            content async throws(StoreError) -> Value in
            var chunks = content.chunks
            if case .cutOff(let count, let error) = fault { chunks = Self.cut(chunks, after: count, error) }
            return try await body(ObjectContent(info: content.info, range: content.range, chunks: chunks))
        }
        if case .after(let error) = fault { throw error.during("readObject", key: key.text) }
        return value
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try await around(.writeObject, key) { () async throws(StoreError) in try await base.writeObject(key, source) }
    }

    public func stageObject() async throws(StoreError) -> StagedObject {
        // Not through `around`: what is staged cannot be copied out of it.
        let fault = fault(.stageObject, nil)
        if case .before(let error) = fault { throw error.during("stageObject") }
        if case .cutOff(_, let error) = fault { throw error.during("stageObject") }
        if case .late(let others) = fault { await others() }
        let staged = try await base.stageObject()
        if case .after(let error) = fault { throw error.during("stageObject") }
        return StagedObject(
            DecoratedUpload(staged) { [self] operation, _, work async throws(StoreError) in
                try await around(operation, nil, work)
            })
    }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try await around(.refreshObject, key) { () async throws(StoreError) in
            try await base.refreshObject(key, size: size)
        }
    }

    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try await around(.moveObject, key) { () async throws(StoreError) in
            try await base.moveObject(key, to: destination)
        }
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await around(.copyObject, destination) { () async throws(StoreError) in
            try await base.copyObject(from: source, key, to: destination)
        }
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        try await around(.removeObjects, keys.first) { () async throws(StoreError) in
            try await base.removeObjects(keys)
        }
    }

    /// Ends with `error` after so many bytes, which may be amid a chunk.
    private static func cut(
        _ chunks: AsyncPull<[UInt8]>, after count: Int, _ error: StoreError
    ) -> AsyncPull<[UInt8]> {
        let left = Mutex(count)
        let next = chunks.puller()
        return AsyncPull { () async throws(StoreError) in
            if left.withLock({ $0 <= 0 }) { throw error.during("readObject") }
            guard let chunk = try await next() else { return nil }
            return left.withLock { left in
                defer { left -= chunk.count }
                return Array(chunk.prefix(left))
            }
        }
    }
}

extension FaultStorage {
    /// A fault in reading records befalls all of the batch.
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        do throws(StoreError) {
            return try await around(.readRecords, keys.first) { () async throws(StoreError) in
                await base.readRecords(keys)
            }
        } catch {
            return keys.map { _ in .failure(error) }
        }
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try await around(.writeRecord, key) { () async throws(StoreError) in
            try await base.writeRecord(key, bytes, expecting: expecting)
        }
    }

    public func flushRecord(_ key: Key) async throws(StoreError) {
        try await around(.flushRecord, key) { () async throws(StoreError) in try await base.flushRecord(key) }
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try await around(.removeRecord, key) { () async throws(StoreError) in try await base.removeRecord(key) }
    }

    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> {
        failing(base.list(request), with: fault(.list, nil), operation: "list")
    }

    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> {
        failing(base.uploadsInFlight(), with: fault(.uploadsInFlight, nil), operation: "uploadsInFlight")
    }

    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) {
        try await around(.discardUpload) { () async throws(StoreError) in try await base.discardUpload(upload) }
    }

    /// Pages that fail at their beginning, at their end, or after so many items.
    private func failing<Item: Sendable>(
        _ pages: AsyncPull<[Item]>, with fault: Fault?, operation: String
    ) -> AsyncPull<[Item]> {
        let next = pages.puller()
        let (count, error): (Int, StoreError)
        switch fault {
        case nil: return pages
        case .late(let others):
            let isFirst = Mutex(true)
            return AsyncPull { () async throws(StoreError) in
                if isFirst.withLock({ isFirst in
                    defer { isFirst = false }; return isFirst
                }) {
                    await others()
                }
                return try await next()
            }
        case .before(let cause): (count, error) = (0, cause)
        case .after(let cause): (count, error) = (.max, cause)
        case .cutOff(let after, let cause): (count, error) = (after, cause)
        }
        let left = Mutex(count)
        return AsyncPull { () async throws(StoreError) in
            guard left.withLock({ $0 > 0 }), let page = try await next() else { throw error.during(operation) }
            return left.withLock { left in
                defer { left -= page.count }
                return Array(page.prefix(left))
            }
        }
    }
}
