internal import Synchronization

extension MemoryStorage {
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        shelf.withLock { shelf in
            keys.map { key in
                Result { () throws(StoreError) in
                    try key.expectRecord()
                    return shelf.records[key]
                }
            }
        }
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try key.expectRecord()
        guard bytes.count <= Record.maximumBytes else { throw .tooLarge(key) }
        return try shelf.withLock { shelf throws(StoreError) in
            try shelf.write(key, bytes, expecting: expecting, at: now())
        }
    }

    /// Nothing here survives a power cut; only the key is looked at.
    public func flushRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        shelf.withLock { $0.removeRecord(key) }
    }
}
