internal import BlobCrypto
internal import BlobHTTP
internal import ObjectStorage

/// What is copied by the server.
struct CopySource: Sendable {
    let bucket: String
    let name: String
    let head: ObjectHead

    /// The value of `x-amz-copy-source`.
    var field: String { BucketAddress.copySource(bucket, name) }
}

extension S3Storage {
    /// One request copies at most this much.
    private static let largestCopyBytes: Int64 = 5 << 30
    private static let partBytes: Int64 = 1 << 30

    /// Lets the server copy, also onto the same name, which makes the age now.
    /// - Parameter write: named where the name must be free, as far as the server looks.
    /// - Returns: false when the source is absent.
    /// - Throws: `preconditionFailed` where the name is not free.
    func copy(
        from source: CopySource, to name: String, as write: WriteName? = nil
    ) async throws(StoreError) -> Bool {
        // What is only made young again stays where its owner's rules have put it.
        let isItself = source.bucket == session.address.bucket && source.name == name
        let storageClass = isItself ? source.head.storageClass : nil
        if source.head.info.size > Self.largestCopyBytes {
            return try await copyInParts(source, to: name, storageClass)
        }
        var call = S3Call("PUT", name)
        call.headers["x-amz-copy-source"] = source.field
        // A copy onto itself is refused unless something is replaced.
        call.headers["x-amz-metadata-directive"] = "REPLACE"
        call.headers["Content-Type"] = S3Storage.objectType
        call.headers["x-amz-storage-class"] = storageClass
        if let write {
            call.headers["If-None-Match"] = "*"
            write.keep(in: &call.headers)
        }
        call.answersLate = true
        do { _ = try await session.send(call, for: ObjectCopiedAnswer.self) } catch  where error.code == .notFound {
            try error.unlessAboutTheBucket()
            return false
        }
        return true
    }

    private func copyInParts(
        _ source: CopySource, to name: String, _ storageClass: String?
    ) async throws(StoreError) -> Bool {
        let upload = try await MultipartUpload.begin(
            name, size: source.head.info.size, storageClass: storageClass, in: session)
        do throws(StoreError) {
            var etags: [String] = []
            var offset: Int64 = 0
            while offset < source.head.info.size {
                let end = min(offset + Self.partBytes, source.head.info.size)
                etags.append(try await copyPart(source, range: offset..<end, to: upload, number: etags.count + 1))
                offset = end
            }
            try await upload.complete(etags.map { MultipartUpload.Part(etag: $0, checksum: nil) })
            return true
        } catch {
            await upload.abort()
            guard error.code == .notFound else { throw error }
            try error.unlessAboutTheBucket()
            return false
        }
    }

    private func copyPart(
        _ source: CopySource, range: Range<Int64>, to upload: MultipartUpload, number: Int
    ) async throws(StoreError) -> String {
        var call = S3Call("PUT", upload.name, query: [("partNumber", String(number)), ("uploadId", upload.id)])
        call.headers["x-amz-copy-source"] = source.field
        call.headers["x-amz-copy-source-range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        call.answersLate = true
        return try await session.send(call, for: PartCopiedAnswer.self).answer.etag
    }
}

extension StoreError {
    /// What is missing may be the bucket, and that is no answer about an object.
    func unlessAboutTheBucket() throws(StoreError) {
        if case .http(_, code: "NoSuchBucket", _) = cause { throw self }
    }
}

/// Names one write of an object to a name that must be free, so that a writer that meets its own success is told from
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
        let server = try await learned.settled()
        try call.set(hashedBody: try await surely(key, found), takesChecksums: server.takesChecksums)
        if server.holdsCreation { call.headers["If-None-Match"] = "*" }
        write.keep(in: &call.headers)
        call.accepted = [412]
        guard try await session.send(call).status == 412 else { return }
        try await expect(write, at: destination)
    }

    /// Returns where the object that stands there is of one's own write, the answer to which was lost.
    /// - Throws: `alreadyExists`.
    func expect(_ write: WriteName, at destination: Key) async throws(StoreError) {
        if try await head(try name(destination))?.isOf(write) == true { return }
        throw StoreError(.alreadyExists, "\"\(destination)\" already exists and is kept")
    }

    /// The bytes of a small object as they are there: whose digest no key tells (they may be damaged, and are set aside
    /// for that) is read until its ETag says so, or two readings in a row.
    private func surely(_ key: Key, _ found: ObjectHead) async throws(StoreError) -> [UInt8] {
        var last: [UInt8]?
        for _ in 0..<Self.readings {
            let bytes = try await readObject(key, range: nil) { (content) async throws(StoreError) in
                try await content.chunks.flattened()
            }
            if bytes == last || (Hasher.hex(.md5, of: bytes).map { "\"\($0)\"" == found.etag } ?? false) {
                return bytes
            }
            last = bytes
        }
        throw StoreError(.unavailable, "\"\(key)\" changes each time it is read; try again")
    }
}
