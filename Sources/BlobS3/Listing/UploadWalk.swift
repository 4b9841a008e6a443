internal import BlobHTTP
internal import ObjectStorage

/// How far a listing of uploads has come.
struct UploadWalk: Sendable {
    /// Stands for an upload's id where it is an object that a probe left behind.
    static let probeID = "-"

    private var key: String?
    private var id: String?
    private var isAtProbes = false
    private var progress = PageProgress()
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
        let time = AnswerTime(head.headers)
        isAtProbes = !answer.isTruncated
        if answer.isTruncated, let nextKey = answer.nextKey, let nextID = answer.nextID {
            try progress.goOn(
                after: key.map { "\($0) \(id ?? "")" }, to: "\(nextKey) \(nextID)", isEmpty: answer.uploads.isEmpty)
            (key, id) = (nextKey, nextID)
        }
        // Some servers ignore the prefix.
        return answer.uploads.filter { $0.key.utf8.starts(with: storage.prefix.utf8) }.map { upload in
            UploadInFlight(
                id: "\(upload.id) \(upload.key)", size: 0, age: time.age(of: upload.initiated))
        }
    }

    private mutating func probes(_ storage: S3Storage) async throws(StoreError) -> [UploadInFlight] {
        isAtEnd = true
        let page = ListPage(folder: CapabilityProbe.folder)
        let (answer, head) = try await storage.session.send(storage.listCall(page), for: ObjectListingAnswer.self)
        let time = AnswerTime(head.headers)
        let left = storage.prefix + CapabilityProbe.folder
        // What every process looks at before it writes stays.
        let standing = storage.prefix + CapabilityProbe.standing
        let objects = answer.objects.filter { $0.key.utf8.starts(with: left.utf8) && $0.key != standing }
        return objects.map { object in
            UploadInFlight(
                id: "\(Self.probeID) \(object.key)", size: object.size, age: time.age(of: object.modified))
        }
    }
}
