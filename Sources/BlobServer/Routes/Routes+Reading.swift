internal import BlobCluster
internal import HTTPTypes
internal import NIOCore

// GET and HEAD of packages, and of content by its digest.
extension Routes {
    func getPackage(_ path: PackagePath, in name: FeedName, _ exchange: inout Exchange) async throws {
        try await admit(.read, to: name, &exchange)
        let handle = try await feeds.feed(name)
        let package: Package
        switch try await handle.lookUp(path) {
        case .package(let found): package = found
        case .deleted: throw Problem(.gone, "\"\(path)\" was deleted")
        case .absent: throw Problem(.notFound, "\"\(path)\" is not in the feed \"\(name)\"")
        }
        let isOpen = try await access.isOpen(name)
        let content = ServedContent(package.record, in: try await handle.record(), isOpen: isOpen)
        try await send(content, from: .package(package), &exchange)
    }

    func blob(_ exchange: inout Exchange) async throws {
        try expectReading(exchange)
        let segments = exchange.target.segments
        let name = try FeedName(segments[1])
        guard let digest = Digest(hex: segments[4]), !exchange.target.isFolder else {
            throw Problem(.badRequest, "a SHA-256 has 64 lower-case hex digits")
        }
        try await admit(.read, to: name, &exchange)
        guard let found = try await feeds.feed(name).content(digest) else {
            throw Problem(.notFound, "the content \(digest) is not in the feed \"\(name)\"")
        }
        let isOpen = try await access.isOpen(name)
        let content = ServedContent(
            digest: digest, size: found.size, present: Preconditions.Present(digest), type: "application/octet-stream",
            caching: ServedContent.caching(isMutable: false, isOpen: isOpen))
        try await send(content, from: .blob(found), &exchange)
    }

    private func send(_ content: ServedContent, from source: ContentSource, _ exchange: inout Exchange) async throws {
        let fields = exchange.fields
        let conditions = Preconditions(fields)
        switch conditions.outcome(for: content.present, isReading: true) {
        case .failed: throw Problem(.preconditionFailed, "the content is another one")
        case .notModified: return try await exchange.answer(Answer(.notModified, fields: content.fields))
        case .proceed: break
        }
        let asksForPart = exchange.method == .get && conditions.allowsRange(of: content.present)
        switch ByteRange(asksForPart ? fields[.range] : nil, size: content.size) {
        case .unsatisfiable:
            var problem = Problem(
                .rangeNotSatisfiable, code: "invalidArgument", "the content has \(content.size) bytes")
            problem.fields[.contentRange] = "bytes */\(content.size)"
            throw problem
        case .whole: try await stream(content, nil, from: source, &exchange)
        case .part(let range): try await stream(content, range, from: source, &exchange)
        }
    }

    /// The first chunk is read before the head is sent, so that content which is gone or damaged is an error while that
    /// can still be said.
    private func stream(
        _ content: ServedContent, _ range: Range<Int64>?, from source: ContentSource, _ exchange: inout Exchange
    ) async throws {
        if exchange.isHead {
            guard try await source.isThere() else { throw Problem(.notFound, "the content is gone") }
            return try await exchange.send(content.head(range), ByteBuffer())
        }
        let pace = ReaderPace(fastReaders)
        defer { pace.end() }
        try await source.read(range, in: pace.pieces) { chunks in
            let next = chunks.puller()
            var chunk = try await next()
            if (chunk?.count ?? 0) == range?.count ?? Int(content.size) {
                return try await exchange.send(content.head(range), ByteBuffer(bytes: chunk ?? []))
            }
            try await exchange.stream(content.head(range), pace) { sender in
                // In one expression, so that the chunk is gone while its copy waits for the reader.
                while let buffer = chunk.take().map({ ByteBuffer(bytes: $0) }) {
                    try await sender.send(buffer)
                    chunk = try await next()
                }
            }
        }
    }
}

/// Content as it is served.
struct ServedContent: Sendable {
    let digest: Digest
    let size: Int64
    let present: Preconditions.Present
    let type: String
    let caching: String

    /// What a client keeps with the content; also part of an answer without it.
    var fields: HTTPFields {
        var fields: HTTPFields = [
            .eTag: present.tag, .cacheControl: caching, .acceptRanges: "bytes", .reprDigest: digest.field,
            // What others published must not act in the name of this host.
            .xContentTypeOptions: "nosniff", .contentSecurityPolicy: "sandbox; default-src 'none'",
        ]
        fields[.lastModified] = present.lastModified
        return fields
    }

    /// What a cache may keep: content that never changes under its name for ever, other content if it asks each time.
    static func caching(isMutable: Bool, isOpen: Bool) -> String {
        let audience = isOpen ? "public" : "private"
        return isMutable ? "\(audience), no-cache" : "\(audience), max-age=31536000, immutable"
    }

    func head(_ range: Range<Int64>?) -> HTTPResponse {
        var fields = fields
        fields[.contentType] = type
        fields[.contentLength] = String(range?.count ?? Int(size))
        guard let range else { return HTTPResponse(status: .ok, headerFields: fields) }
        fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        return HTTPResponse(status: .partialContent, headerFields: fields)
    }
}

extension ServedContent {
    /// Content as a package of a feed.
    init(_ record: PackageRecord, in feed: FeedRecord, isOpen: Bool) {
        self.init(
            digest: record.digest, size: record.size, present: Preconditions.Present(record),
            type: record.contentType ?? "application/octet-stream",
            caching: Self.caching(isMutable: feed.admitsReplacing(record.path), isOpen: isOpen))
    }
}
