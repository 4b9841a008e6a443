internal import BlobCrypto
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
                    try await fetch(key).map { Record(bytes: $0.bytes, version: $0.token.version, flaw: $0.flaw) }
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
    /// The name of the field that the SHA-256 of a record's bytes is kept in. A record that another program put there
    /// has none.
    static let digestField = "x-amz-meta-blobstore-sha256"

    let bytes: [UInt8]
    let token: RecordToken
    /// What tells that the bytes are not what was written.
    let flaw: String?

    /// - Parameter etag: as the answer tells it.
    init(_ response: HTTPResponse, etag: String) {
        bytes = response.body
        token = RecordToken(etag: etag, lineage: WriteLineage(response.headers))
        let (wanted, found) = (response.headers[Self.digestField], Hasher.hex(.sha256, of: response.body))
        flaw = wanted == nil || wanted == found ? nil : "its bytes are not those of the SHA-256 beside it"
    }
}

extension S3Storage {
    private static let readings = 3

    /// Reads a record. What was altered on its way comes right when it is asked for again; what is still not what its
    /// digest says was altered where it is kept, and has its flaw told.
    func fetch(_ key: Key) async throws(StoreError) -> StoredRecord? {
        var attempts: Attempts?
        while true {
            let found = try await fetchOnce(key)
            guard let found, let flaw = found.flaw else { return found }
            guard (attempts?.count ?? 0) < Self.readings - 1 else { return found }
            do {
                try await session.pause(&attempts, after: StoreError(.unavailable, flaw), "GET \(key)")
            } catch {
                if error.code == .cancelled { throw error }
                return found
            }
        }
    }

    private func fetchOnce(_ key: Key) async throws(StoreError) -> StoredRecord? {
        var call = S3Call("GET", try name(key))
        call.accepted = [404]
        let response = try await session.send(call, collectingAtMost: Record.maximumBytes)
        if response.status == 404 {
            let refusal = Refusal(response)
            if refusal.code == "NoSuchKey" || (refusal.code == nil && !refusal.isPage) { return nil }
            throw session.error(refusal)
        }
        guard let etag = response.headers["ETag"] else { throw session.strange(response) }
        guarantees.learn(from: response.headers)
        return StoredRecord(response, etag: etag)
    }
}
