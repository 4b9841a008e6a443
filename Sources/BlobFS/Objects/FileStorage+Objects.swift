public import BlobStore
internal import BlobSystem

extension FileStorage {
    /// Existence is decided by opening the file: a name that another node has removed still answers stat(2) for
    /// seconds on NFS.
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try key.expectObject()
        return try await blocking("statObject", key) { (files, _) throws(StoreError) in try files.stat(key) }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        if source.size <= Int64(chunkSizeBytes) {
            let bytes = try await collect(source, key)
            return try await blocking("writeObject", key) { (files, _) throws(StoreError) in
                try files.write(key, bytes)
            }
        }
        let isThere = try await blocking("writeObject", key) { (files, _) throws(StoreError) in
            try files.refresh(key, size: source.size, mustMatch: true)
        }
        if isThere { return .present }
        let staged = try await stageObject()
        var size: Int64 = 0
        for try await chunk in try await source.read() {
            size += Int64(chunk.count)
            try await staged.append(chunk)
        }
        try expect(size, of: source, key)
        return try await staged.commit(key)
    }

    private func collect(_ source: ObjectSource, _ key: Key) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in try await source.read() {
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            if Int64(bytes.count) > source.size { break }
        }
        try expect(Int64(bytes.count), of: source, key)
        return bytes
    }

    private func expect(_ size: Int64, of source: ObjectSource, _ key: Key) throws(StoreError) {
        if size == source.size { return }
        throw StoreError(
            .sourceFailed,
            "the content for \"\(key)\" has \(size) bytes instead of \(source.size): it changed meanwhile"
        )
        .during("writeObject", key: key.text, root: address)
    }

    /// The staged file stands in `staging/`, so that a commit never copies.
    public func stageObject() async throws(StoreError) -> StagedObject {
        let staged = try await blocking("stageObject") { (files, _) throws(StoreError) in try files.staging.create() }
        return StagedObject(FileUpload(staged, storage: self))
    }

    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try key.expectObject()
        return try await blocking("refreshObject", key) { (files, _) throws(StoreError) in
            try files.refresh(key, size: size)
        }
    }

    /// By a link to the new name, which never goes over another, before the old name is taken away from that very
    /// file: what is published there meanwhile keeps it.
    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try key.expectObject()
        try destination.expectObject()
        try await blocking("moveObject", key) { (files, patience) throws(StoreError) in
            try files.move(key, to: destination, patience)
        }
    }

    /// Works from another directory on the same filesystem, decorated or not. A hard link shares the file and so its
    /// age; that is safe since objects never change. Where the other's account or modes forbid a link, the
    /// filesystem may be able to share the data instead.
    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try await copy(from: source, key, to: destination, byLink: true)
    }

    public func removeObjects(_ keys: [Key]) async throws(StoreError) -> [Result<Void, StoreError>] {
        try await blocking("removeObjects") { (files, patience) throws(StoreError) in files.remove(keys, patience) }
    }
}
