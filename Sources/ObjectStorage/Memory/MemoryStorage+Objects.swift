internal import Synchronization

extension MemoryStorage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try key.expectObject()
        return shelf.withLock { $0.objects[key] }.map(info)
    }

    public func readObject<Value: ~Copyable & Sendable>(
        _ key: Key, range: Range<Int64>?, in pieces: Pieces, _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try key.expectObject()
        guard let object = shelf.withLock({ $0.objects[key] }) else { throw .missing(key) }
        let size = Int64(object.bytes.count)
        let wanted = range ?? 0..<size
        guard (0...size).contains(wanted.lowerBound) else {
            throw StoreError(.invalidArgument, "a range from \(wanted.lowerBound) is beyond the end of \"\(key)\"")
        }
        let cut = wanted.clamped(to: 0..<size)
        let chunks = AsyncPull.chunks(
            of: object.bytes, Int(cut.lowerBound)..<Int(cut.upperBound), in: pieces.sizeBytes)
        return try await body(ObjectContent(info: info(object), range: cut, chunks: chunks))
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        var bytes: [UInt8] = []
        for try await chunk in try await source.read() {
            if Task.isCancelled { throw StoreError(.cancelled, "the write of \"\(key)\" was cancelled") }
            bytes += chunk
        }
        guard Int64(bytes.count) == source.size else {
            throw StoreError(
                .sourceFailed, "the content for \"\(key)\" has \(bytes.count) bytes instead of \(source.size)")
        }
        return try put(key, bytes)
    }

    public func stageObject() async throws(StoreError) -> StagedObject {
        let id = shelf.withLock { shelf in
            let id = "upload-" + shelf.nextToken()
            shelf.uploads[id] = MemoryShelf.Upload(grewAt: now())
            return id
        }
        return StagedObject(MemoryUpload(id: id, storage: self))
    }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try key.expectObject()
        return shelf.withLock { $0.refresh(key, size: size, at: now()) }
    }

    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try key.expectObject()
        try destination.expectObject()
        try shelf.withLock { shelf throws(StoreError) in try shelf.move(key, to: destination) }
    }

    /// Works between any two memory storages, decorated or not: they share the bytes.
    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        let origin = try await origin(of: key, in: source, copiedTo: destination)
        guard let object = origin.storage.shelf.withLock({ $0.objects[origin.key] }) else { throw .missing(key) }
        return try put(destination, object.bytes)
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        shelf.withLock { shelf in
            keys.map { key in
                Result { () throws(StoreError) in
                    try key.expectObject()
                    shelf.removeObject(key)
                }
            }
        }
    }

    func put(_ key: Key, _ bytes: [UInt8]) throws(StoreError) -> CommitOutcome {
        try shelf.withLock { shelf throws(StoreError) in try shelf.put(key, bytes, at: now()) }
    }

    private func info(_ object: MemoryShelf.Object) -> ObjectInfo {
        ObjectInfo(size: Int64(object.bytes.count), age: now() - object.writtenAt)
    }
}
