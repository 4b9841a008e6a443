public import BlobStore

extension S3Storage {
    public func statObject(_ key: Key) async throws(StoreError) -> ObjectInfo? {
        try key.expectObject()
        return try await during("statObject", key) { () async throws(StoreError) in
            try await head(try name(key))?.info
        }
    }

    public func writeObject(_ key: Key, _ source: ObjectSource) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        return try await during("writeObject", key) { () async throws(StoreError) in
            let writing = ObjectWriting(storage: self, key: key, name: try name(key), size: source.size)
            return try await writing.run(source)
        }
    }

    /// Small content stays in memory until the commit; larger content goes to a file without a name, so that the
    /// commit can be repeated.
    public func stageObject() async throws(StoreError) -> StagedObject {
        StagedObject(S3Upload(storage: self))
    }

    /// The object is copied onto itself, which makes its age now.
    public func refreshObject(_ key: Key, size: Int64) async throws(StoreError) -> Bool {
        try key.expectObject()
        return try await during("refreshObject", key) { () async throws(StoreError) in
            let name = try name(key)
            guard let found = try await head(name), found.info.size == size else { return false }
            return try await copy(from: .init(bucket: session.address.bucket, name: name, head: found), to: name)
        }
    }

    /// Copies, makes sure of the copy, and takes the old name away: not in one step. Small content passes through this
    /// process, since more servers let one of many create a name than let one of many copy to it.
    public func moveObject(_ key: Key, to destination: Key) async throws(StoreError) {
        try key.expectObject()
        try destination.expectObject()
        try await during("moveObject", key) { () async throws(StoreError) in
            if try await guarantees.settled().holdsCreation { return try await move(key, to: destination) }
            // Nothing holds the name free but that nobody else writes.
            try await oneWriter.pass { () async throws(StoreError) in try await move(key, to: destination) }
        }
    }

    private func move(_ key: Key, to destination: Key) async throws(StoreError) {
        let (old, new) = (try name(key), try name(destination))
        guard let found = try await head(old) else { throw StoreError.missing(key) }
        guard try await head(new) == nil else {
            throw StoreError(.alreadyExists, "\"\(destination)\" is there already, and is kept")
        }
        if found.info.size <= Int64(PartPlan.largestSinglePartBytes) {
            try await create(destination, from: key, found)
        } else {
            try await copyWhole(found, old, to: destination, missing: key, as: WriteName())
        }
        try await session.delete(old)
    }

    public func copyObject(
        from source: any Storage, _ key: Key, to destination: Key
    ) async throws(StoreError) -> CommitOutcome {
        try key.expectObject()
        try destination.expectObject()
        let place = try await source.place(of: key)
        guard let origin = place.storage as? S3Storage, origin.session.address.endpoint == session.address.endpoint,
            origin.session.account == session.account
        else {
            throw StoreError(.unsupported, "\(address) cannot copy from \(source.address) without moving the bytes")
        }
        return try await during("copyObject", destination) { () async throws(StoreError) in
            let old = try origin.name(place.key)
            guard let found = try await origin.head(old) else { throw StoreError.missing(place.key) }
            if let there = try await head(try name(destination)) {
                guard there.info.size == found.info.size else {
                    throw StoreError.otherSize(destination, found: there.info.size, wanted: found.info.size)
                }
                if try await refreshObject(destination, size: found.info.size) { return .present }
            }
            try await copyWhole(found, old, in: origin.session.address.bucket, to: destination, missing: place.key)
            return .created
        }
    }

    private func copyWhole(
        _ found: ObjectHead, _ old: String, in bucket: String? = nil, to destination: Key, missing key: Key,
        as write: WriteName? = nil
    ) async throws(StoreError) {
        let new = try name(destination)
        let origin = CopySource(bucket: bucket ?? session.address.bucket, name: old, head: found)
        do throws(StoreError) {
            guard try await copy(from: origin, to: new, as: write) else { throw StoreError.missing(key) }
        } catch  where error.code == .preconditionFailed {
            guard let write else { throw error }
            try await expect(write, at: destination)
        }
        guard let copied = try await head(new), copied.info.size == found.info.size else {
            throw StoreError(.failed, "the server's copy \"\(destination)\" is not what was copied", isRetryable: true)
        }
    }
}
