internal import BlobStore

/// What is copied by the server.
struct CopySource: Sendable {
    let bucket: String
    let name: String
    let head: ObjectHead

    /// The value of `x-amz-copy-source`.
    var field: String { PercentEncoding.encode("\(bucket)/\(name)", keepsSlashes: true) }
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
        if source.head.info.size > Self.largestCopyBytes { return try await copyInParts(source, to: name) }
        var call = S3Call("PUT", name)
        call.headers["x-amz-copy-source"] = source.field
        // A copy onto itself is refused unless something is replaced.
        call.headers["x-amz-metadata-directive"] = "REPLACE"
        call.headers["Content-Type"] = S3Storage.objectType
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

    private func copyInParts(_ source: CopySource, to name: String) async throws(StoreError) -> Bool {
        let upload = try await MultipartUpload.begin(name, size: source.head.info.size, in: session)
        do throws(StoreError) {
            var etags: [String] = []
            var offset: Int64 = 0
            while offset < source.head.info.size {
                let end = min(offset + Self.partBytes, source.head.info.size)
                etags.append(try await copyPart(source, offset..<end, upload, number: etags.count + 1))
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
        _ source: CopySource, _ range: Range<Int64>, _ upload: MultipartUpload, number: Int
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
