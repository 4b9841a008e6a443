internal import BlobHTTP
internal import ObjectStorage

/// What an answer's fields tell of an object.
struct ObjectHead: Sendable {
    let info: ObjectInfo
    let etag: String?
    /// Nil for the server's usual one.
    let storageClass: String?
    private let headers: HTTPHeaders

    /// - Parameter size: of the whole object, where the answer is of a part.
    /// - Throws: `failed` where nothing tells the size. A time that is missing makes the age none.
    init(_ headers: HTTPHeaders, size: Int64? = nil) throws(StoreError) {
        guard let size = size ?? headers["Content-Length"].flatMap({ WireNumber.count($0) }) else {
            throw StoreError(.failed, "the server does not report the object's size")
        }
        let modified = headers["Last-Modified"].flatMap { UTCTime(httpDate: $0) }
        info = ObjectInfo(size: size, age: AnswerTime(headers).age(of: modified))
        etag = headers["ETag"].flatMap { $0.isEmpty ? nil : $0 }
        storageClass = headers["x-amz-storage-class"].flatMap { $0.isEmpty ? nil : $0 }
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
        guard response.status == 200 else { throw session.strange(response) }
        return try ObjectHead(response.headers)
    }
}

/// Which part of an object an answer says that it is.
/// - Source: RFC 9110, section 14.4.
struct ContentRange: Equatable {
    let bytes: Range<Int64>
    /// Of the whole object.
    let size: Int64

    /// Reads `bytes 0-9/100`; nil for anything else, and for a part that does not lie in the whole.
    init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let words = text.dropFirst("bytes ".count).split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == 2, let size = WireNumber.count(words[1]) else { return nil }
        let bounds = words[0].split(separator: "-", omittingEmptySubsequences: false).map { WireNumber.count($0) }
        guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last, last < size else {
            return nil
        }
        bytes = first..<last + 1
        self.size = size
    }
}
