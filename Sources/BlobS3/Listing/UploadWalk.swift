internal import BlobStore

/// How far a listing of uploads has come.
struct UploadWalk: Sendable {
    /// Stands for an upload's id where it is an object that a probe left behind.
    static let probeID = "-"

    private var key: String?
    private var id: String?
    private var isAtProbes = false
    private(set) var isAtEnd = false

    mutating func page(of storage: S3Storage) async throws(StoreError) -> [UploadInFlight] {
        if isAtProbes { return try await probes(storage) }
        var query = [
            (name: "uploads", value: ""), (name: "encoding-type", value: "url"),
            (name: "prefix", value: storage.prefix),
        ]
        if let key { query.append(("key-marker", key)) }
        if let id { query.append(("upload-id-marker", id)) }
        let (answer, head): (UploadListingAnswer, HTTPHead)
        do throws(StoreError) {
            (answer, head) = try await storage.session.send(
                S3Call("GET", nil, query: query), for: UploadListingAnswer.self)
        } catch {
            // One server says so where there is no upload at all.
            guard case .http(_, code: "NoSuchUpload", _) = error.cause else { throw error }
            isAtProbes = true
            return []
        }
        let now = head.headers["Date"].flatMap { UTCTime(httpDate: $0) } ?? storage.session.pacing.wallTime()
        let isStuck = answer.nextKey == key && answer.nextID == id
        isAtProbes = !answer.isTruncated || isStuck || answer.nextKey == nil
        (key, id) = (answer.nextKey, answer.nextID)
        // Some servers ignore the prefix.
        return answer.uploads.filter { $0.key.utf8.starts(with: storage.prefix.utf8) }.map { upload in
            UploadInFlight(
                id: "\(upload.id) \(upload.key)", size: 0,
                age: upload.initiated.map { max(now.since($0), .zero) } ?? .zero)
        }
    }

    private mutating func probes(_ storage: S3Storage) async throws(StoreError) -> [UploadInFlight] {
        isAtEnd = true
        let page = ListPage(folder: GuaranteeProbe.folder)
        let (answer, head) = try await storage.session.send(storage.listCall(page), for: ObjectListingAnswer.self)
        let now = head.headers["Date"].flatMap { UTCTime(httpDate: $0) } ?? storage.session.pacing.wallTime()
        return answer.objects.map { object in
            let age = object.modified.map { max(now.since($0), .zero) } ?? .zero
            return UploadInFlight(id: "\(Self.probeID) \(object.key)", size: object.size, age: age)
        }
    }
}
