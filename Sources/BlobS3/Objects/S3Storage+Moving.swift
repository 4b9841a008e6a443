internal import BlobCrypto
internal import BlobStore

/// Names one write of an object to a name that must be free, so that a writer who meets his own success is told from
/// one who comes too late.
struct WriteName: Sendable {
    private static let field = "x-amz-meta-blobstore-write"

    let text = String(UInt64.random(in: 0...UInt64.max), radix: 36)

    func keep(in headers: inout HTTPHeaders) { headers[Self.field] = text }

    /// Whether an object that was found is of this write.
    func isNamed(by headers: HTTPHeaders) -> Bool { headers[Self.field] == text }
}

extension S3Storage {
    private static let readings = 4

    /// Gives small content another name, which must be free.
    func create(_ destination: Key, from key: Key, _ found: ObjectHead) async throws(StoreError) {
        let write = WriteName()
        var call = S3Call("PUT", try name(destination))
        try call.set(hashedBody: try await surely(key, found))
        if try await guarantees.settled().holdsCreation { call.headers["If-None-Match"] = "*" }
        write.keep(in: &call.headers)
        call.accepted = [412]
        guard try await session.send(call).status == 412 else { return }
        try await expect(write, at: destination)
    }

    /// Returns where the object that stands there is of one's own write, the answer to which was lost.
    /// - Throws: `alreadyExists`.
    func expect(_ write: WriteName, at destination: Key) async throws(StoreError) {
        if try await head(try name(destination))?.isOf(write) == true { return }
        throw StoreError(.alreadyExists, "\"\(destination)\" is there already, and is kept")
    }

    /// The bytes of a small object as they are there: whose digest no key tells (they may be damaged, and are set aside
    /// for that) is read until its ETag says so, or two readings in a row.
    private func surely(_ key: Key, _ found: ObjectHead) async throws(StoreError) -> [UInt8] {
        var last: [UInt8]?
        for _ in 0..<Self.readings {
            var bytes: [UInt8] = []
            try await readObject(key, range: nil) { (content) async throws(StoreError) in
                for try await chunk in content.chunks { bytes += chunk }
            }
            if bytes == last || (Hasher.hex(.md5, of: bytes).map { "\"\($0)\"" == found.etag } ?? false) {
                return bytes
            }
            last = bytes
        }
        throw StoreError(.unavailable, "\"\(key)\" is another each time it is read: try again")
    }
}
