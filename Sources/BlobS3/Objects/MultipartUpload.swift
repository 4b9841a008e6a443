internal import BlobCrypto
internal import BlobStore
internal import FoundationEssentials

/// An upload in parts, from its beginning to its completion or its abortion.
/// - Source: CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload.
struct MultipartUpload: Sendable {
    struct Part: Sendable {
        let etag: String
        /// SHA-256 in base64; nil for a part that the server copied.
        let checksum: String?
    }

    let name: String
    let id: String
    let size: Int64
    private let session: S3Session

    /// - Parameter isHashed: whether the parts carry checksums.
    static func begin(
        _ name: String, size: Int64, isHashed: Bool = false, in session: S3Session
    ) async throws(StoreError) -> MultipartUpload {
        var call = S3Call("POST", name, query: [("uploads", "")])
        call.headers["Content-Type"] = S3Storage.objectType
        if isHashed { call.headers["x-amz-checksum-algorithm"] = "SHA256" }
        let id = try await session.send(call, for: UploadBegunAnswer.self).answer.id
        return MultipartUpload(name: name, id: id, size: size, session: session)
    }

    /// Sends one part, whose digest the server compares in one way or the other: as the signed payload's, or as its
    /// checksum.
    func send(_ bytes: [UInt8], number: Int) async throws(StoreError) -> Part {
        var call = S3Call("PUT", name, query: [("partNumber", String(number)), ("uploadId", id)])
        let checksum = try call.set(hashedBody: bytes)
        let response = try await session.send(call)
        guard let etag = response.headers["ETag"] else {
            throw StoreError(.failed, "the server gave no ETag for part \(number)")
        }
        return Part(etag: etag, checksum: checksum)
    }

    /// Makes the parts an object, and looks at what became of it.
    func complete(_ parts: [Part]) async throws(StoreError) {
        var call = S3Call("POST", name, query: [("uploadId", id)])
        try call.set(body: PartList(parts: parts).xml, contentType: "application/xml")
        call.answersLate = true
        do { _ = try await session.send(call, for: UploadCompletedAnswer.self) } catch  where error.code == .notFound {
            // An attempt whose answer was lost may have completed it: then the upload is gone, and the object there.
            try error.unlessAboutTheBucket()
            try await expectObject(or: error)
            return
        }
        try await expectObject(or: StoreError(.failed, "the server's object is not what was sent", isRetryable: true))
    }

    private func expectObject(or error: StoreError) async throws(StoreError) {
        let response = try await session.send(S3Call("HEAD", name))
        guard response.headers["Content-Length"].flatMap({ Int64($0) }) == size else { throw error }
    }

    /// Frees what was sent, also when the task was cancelled. What that misses shows up as an upload in flight.
    func abort() async {
        var call = S3Call("DELETE", name, query: [("uploadId", id)])
        call.repetition = .never
        _ = try? await session.send(call)
    }
}

extension S3Call {
    /// Sends bytes with their SHA-256, as the signed payload's and as a checksum: of the servers that were measured
    /// each compares at least one of the two.
    /// - Returns: the digest in base64.
    @discardableResult
    mutating func set(hashedBody bytes: [UInt8]) throws(StoreError) -> String {
        var hasher = Hasher(.sha256)
        hasher.update(bytes)
        guard let digest = hasher.finish() else {
            throw StoreError.withoutSHA256
        }
        return set(.bytes(bytes), digest: digest)
    }

    /// Sends a body whose SHA-256 is known.
    @discardableResult
    mutating func set(_ body: HTTPRequest.Body, digest: [UInt8]) -> String {
        let checksum = Data(digest).base64EncodedString()
        self.body = body
        payloadHash = hexadecimal(digest)
        headers["Content-Type"] = S3Storage.objectType
        headers["x-amz-checksum-sha256"] = checksum
        return checksum
    }
}

extension S3Storage {
    static let objectType = "application/octet-stream"
}
