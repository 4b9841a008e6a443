internal import Synchronization

/// A staged object of a memory storage. Its bytes stand on the shelf, where others see it as an upload in flight.
final class MemoryUpload: StagedUpload {
    private let id: String
    private let storage: MemoryStorage

    init(id: String, storage: MemoryStorage) {
        self.id = id
        self.storage = storage
    }

    func append(_ chunk: [UInt8]) async throws(StoreError) {
        if Task.isCancelled { throw StoreError(.cancelled, "the upload was cancelled") }
        let now = storage.now()
        try storage.shelf.withLock { shelf throws(StoreError) in
            guard shelf.uploads[id] != nil else { throw gone }
            // In place, without a copy of what was appended before.
            shelf.uploads[id]?.bytes += chunk
            shelf.uploads[id]?.grewAt = now
        }
    }

    func commit(_ key: Key) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        guard let upload = storage.shelf.withLock({ $0.uploads[id] }) else { throw gone }
        return try storage.put(key, upload.bytes)
    }

    func discard() async { abandon() }

    func abandon() {
        storage.shelf.withLock { _ = $0.uploads.removeValue(forKey: id) }
    }

    private var gone: StoreError {
        StoreError(.notFound, "the upload \(id) was discarded, by its owner or as stale")
    }
}
