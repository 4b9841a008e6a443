internal import BlobCrypto
internal import BlobHTTP
public import ObjectStorage

extension S3Storage {
    private static let recordsAtATime = 128

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
        guard bytes.count <= Record.maximumBytes else { throw .tooLarge(key) }
        return try await during("writeRecord", key) { () async throws(StoreError) in
            let found = try await learned.required()
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

    /// Nil for an answer without an ETag.
    init?(_ response: HTTPResponse) {
        guard let etag = response.headers["ETag"], !etag.isEmpty else { return nil }
        bytes = response.body
        token = RecordToken(etag: etag, lineage: Lineage(response.headers))
        let (wanted, found) = (response.headers[Self.digestField], Hasher.hex(.sha256, of: response.body))
        flaw = wanted == nil || wanted == found ? nil : "its bytes do not match the SHA-256 beside it"
    }
}

extension S3Storage {
    private static let readings = 3

    /// Reads a record. What was altered on its way, or came without its ETag (as JuiceFS answers now and then while a
    /// record is replaced), comes right when it is asked for again. What is still not what its digest says was altered
    /// where it is kept, and has its flaw told.
    /// - Throws: `failed` where no answer has an ETag.
    func fetch(_ key: Key) async throws(StoreError) -> StoredRecord? {
        var attempts: Attempts?
        while true {
            guard let answer = try await fetchOnce(key) else { return nil }
            let record = StoredRecord(answer)
            if record != nil {
                learned.learn(from: answer.headers)
            } else if Refusal(answer).isPage {
                throw session.strange(answer)
            }
            let flaw = record == nil ? "it came without an ETag" : record?.flaw
            guard let flaw, (attempts?.count ?? 0) < Self.readings - 1 else {
                guard let record else { throw session.strange(answer) }
                return record
            }
            do {
                try await session.retries.pause(&attempts, after: StoreError(.unavailable, flaw), "GET \(key)")
            } catch {
                guard let record, error.code != .cancelled else { throw error }
                return record
            }
        }
    }

    /// The server's answer; nil for a record that is absent.
    private func fetchOnce(_ key: Key) async throws(StoreError) -> HTTPResponse? {
        var call = S3Call("GET", try name(key))
        call.accepted = [404]
        let response = try await session.send(call, collectingAtMost: Record.maximumBytes)
        if response.status == 404 {
            let refusal = Refusal(response)
            if refusal.code == "NoSuchKey" || (refusal.code == nil && !refusal.isPage) { return nil }
            throw session.error(refusal)
        }
        return response
    }
}

// MARK: - Versions

// A record's lineage stands beside its bytes, in fields of its own.
extension Lineage {
    private static let writeField = "x-amz-meta-blobstore-write"
    private static let afterField = "x-amz-meta-blobstore-after"

    /// Of a write that is to replace a record; nil for one that creates.
    init(after previous: RecordToken?) {
        self.init(write: String(UInt64.random(in: 0...UInt64.max), radix: 36), after: previous?.lineage)
    }

    /// What an answer's fields tell; nil for a record that another program put there.
    init?(_ headers: HTTPHeaders) {
        guard let write = headers[Self.writeField], !write.isEmpty else { return nil }
        let after = headers[Self.afterField]?.split(separator: ",").map { String($0.filter { $0 != " " }) }
        self.init(write: write, ancestors: after ?? [])
    }

    func keep(in headers: inout HTTPHeaders) {
        headers[Self.writeField] = write
        headers[Self.afterField] = ancestors.isEmpty ? nil : ancestors.joined(separator: ",")
    }
}

/// The version of a record: its ETag, which the server compares, and its lineage.
struct RecordToken: Sendable, Equatable {
    /// Without quotes.
    let etag: String
    let lineage: Lineage?

    init(etag: String, lineage: Lineage?) {
        var bare = etag[...]
        if bare.hasPrefix("W/") { bare = bare.dropFirst(2) }
        self.etag = bare.filter { $0 != "\"" && $0 != " " }
        self.lineage = lineage
    }

    init(_ version: Record.Version) {
        let words = version.token.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        etag = words[0]
        lineage =
            words.count == 3
            ? Lineage(write: words[1], ancestors: words[2].split(separator: ",").map(String.init)) : nil
    }

    var version: Record.Version {
        guard let lineage else { return Record.Version(token: etag) }
        return Record.Version(token: "\(etag) \(lineage.write) \(lineage.ancestors.joined(separator: ","))")
    }
}
