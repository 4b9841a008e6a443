public import BlobStore

extension S3Storage {
    private static let recordsAtATime = 16

    /// One request each, some of them side by side.
    public func readRecords(_ keys: [Key]) async -> [Result<Record?, StoreError>] {
        if keys.count == 1 { return [await result(keys[0])] }
        return await withTaskGroup(of: (Int, Result<Record?, StoreError>).self) { group in
            var results: [Result<Record?, StoreError>] = keys.map { _ in .success(nil) }
            for (index, key) in keys.enumerated() {
                if index >= Self.recordsAtATime, let (done, result) = await group.next() { results[done] = result }
                group.addTask { (index, await self.result(key)) }
            }
            for await (done, result) in group { results[done] = result }
            return results
        }
    }

    private func result(_ key: Key) async -> Result<Record?, StoreError> {
        do throws(StoreError) {
            try key.expectRecord()
            return .success(
                try await during("readRecord", key) { () async throws(StoreError) in
                    try await fetch(key).map { Record(bytes: $0.bytes, version: $0.token.version) }
                })
        } catch { return .failure(error) }
    }

    public func writeRecord(
        _ key: Key, _ bytes: [UInt8], expecting: Record.Expectation
    ) async throws(StoreError) -> Record.Version {
        try key.expectRecord()
        guard bytes.count <= Record.maximumBytes else {
            throw StoreError(.invalidArgument, "the record \"\(key)\" would be over \(Record.maximumBytes) bytes")
        }
        return try await during("writeRecord", key) { () async throws(StoreError) in
            let found = try await guarantees.required()
            let writing = RecordWriting(storage: self, key: key, bytes: bytes, expecting: expecting)
            if found.allowsSharing { return try await writing.run(found).version }
            return try await oneWriter.pass { () async throws(StoreError) in try await writing.run(nil).version }
        }
    }

    /// Returns at once: what the server shows is durable.
    public func flushRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
    }

    public func removeRecord(_ key: Key) async throws(StoreError) {
        try key.expectRecord()
        try await during("removeRecord", key) { () async throws(StoreError) in try await session.delete(try name(key)) }
    }
}

/// A record as it is on the server.
struct StoredRecord: Sendable {
    let bytes: [UInt8]
    let token: RecordToken
}

extension S3Storage {
    func fetch(_ key: Key) async throws(StoreError) -> StoredRecord? {
        var call = S3Call("GET", try name(key))
        call.accepted = [404]
        let response = try await session.send(call, collectingAtMost: Record.maximumBytes)
        if response.status == 404 {
            let refusal = Refusal(response)
            if refusal.code == "NoSuchKey" || (refusal.code == nil && !refusal.isPage) { return nil }
            throw session.error(refusal)
        }
        guard let etag = response.headers["ETag"] else {
            throw StoreError(
                .failed, "\(session.address.endpoint) does not answer like an S3 server: check the endpoint")
        }
        guarantees.learn(from: response.headers)
        return StoredRecord(
            bytes: response.body, token: RecordToken(etag: etag, lineage: WriteLineage(response.headers)))
    }
}
