/// A storage that takes no writes: everything that would change it throws `readOnly`, and reaches nothing beneath.
public struct ReadOnlyStorage: StorageDecorator {
    private let base: any Storage

    /// `base`, for reading.
    public init(_ base: any Storage) {
        self.base = base
    }

    public var address: String { base.address }

    /// Those of the storage beneath, but that nothing moves and nothing is copied here.
    public var capabilities: Capabilities {
        var capabilities = base.capabilities
        capabilities.atomicMove = false
        capabilities.copyWithoutBytes = false
        return capabilities
    }

    public func checkLocation() async throws(StoreError) { try await base.checkLocation() }
    public func close() async { await base.close() }

    /// They could write.
    public var passesCapabilities: Bool { false }

    public func placeBeneath(_ key: Key) async throws(StoreError) -> (storage: any Storage, key: Key) { (base, key) }

    private func refusal(_ operation: StorageOperation, _ key: Key? = nil) -> StoreError {
        StoreError(.readOnly, "\(address) is opened for reading only")
            .during(operation.rawValue, key: key?.text, root: address)
    }
}

extension ReadOnlyStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? { try await base.statObject(key) }

    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await base.readObject(key, range: range, in: pieces, body)
    }

    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] { await base.readRecords(keys) }
    public func list(_ request: ListRequest) -> AsyncPull<[ListEntry]> { base.list(request) }
    public func uploadsInFlight() -> AsyncPull<[UploadInFlight]> { base.uploadsInFlight() }
}

extension ReadOnlyStorage {
    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        throw refusal(.writeObject, key)
    }

    public func stageObject() async throws(StoreError) -> StagedObject { throw refusal(.stageObject) }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        throw refusal(.refreshObject, key)
    }

    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        throw refusal(.moveObject, key)
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        throw refusal(.copyObject, destination)
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        throw refusal(.removeObjects, keys.first)
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        throw refusal(.writeRecord, key)
    }

    public func flushRecord(_ key: Key) async throws(StoreError) { throw refusal(.flushRecord, key) }
    public func removeRecord(_ key: Key) async throws(StoreError) { throw refusal(.removeRecord, key) }
    public func discardUpload(_ upload: UploadInFlight) async throws(StoreError) { throw refusal(.discardUpload) }
}
