internal import BlobStore

/// What an answer's fields tell of an object.
struct ObjectHead: Sendable {
    let info: ObjectInfo
    let etag: String?
    private let headers: HTTPHeaders

    /// - Parameters:
    ///   - size: of the whole object, where the answer is of a part.
    ///   - wallTime: for a server that does not tell its time.
    init(_ headers: HTTPHeaders, size: Int64? = nil, wallTime: UTCTime) throws(StoreError) {
        guard let size = size ?? headers["Content-Length"].flatMap({ Int64($0) }) else {
            throw StoreError(.failed, "the server does not tell the object's size")
        }
        let now = headers["Date"].flatMap { UTCTime(httpDate: $0) } ?? wallTime
        let modified = headers["Last-Modified"].flatMap { UTCTime(httpDate: $0) } ?? now
        info = ObjectInfo(size: size, age: max(now.since(modified), .zero))
        etag = headers["ETag"]
        self.headers = headers
    }

    func isOf(_ write: WriteName) -> Bool { write.isNamed(by: headers) }
}

extension S3Storage {
    /// Asks for an object's fields; nil when it is absent.
    func head(_ name: String) async throws(StoreError) -> ObjectHead? {
        var call = S3Call("HEAD", name)
        call.accepted = [404]
        let response = try await session.send(call)
        if response.status == 404 { return nil }
        return try ObjectHead(response.headers, wallTime: session.pacing.wallTime())
    }
}
