internal import BlobCluster
internal import HTTPTypes

// PUT and DELETE of packages.
extension Routes {
    func putPackage(_ path: PackagePath, in name: FeedName, _ exchange: inout Exchange) async throws {
        try await admit(.publish, to: name, &exchange)
        let fields = exchange.fields
        try expectStorable(fields)
        let digests = try StatedDigests(fields)
        let condition = try await condition(path, in: name, fields)
        let details = PublicationDetails(by: exchange.caller.name, contentType: fields[.contentType])
        let handle = try await feeds.feed(name)
        let upload = exchange.upload(digests, limit: settings.uploadBytes)
        try await exchange.invite()
        let published = try await uploads.pass {
            do {
                return try await handle.write(at: path) { (feed) async throws(StoreError) in
                    try await feed.publish(upload, at: path, expecting: digests.sha256, if: condition, details)
                }
            } catch { throw upload.isTooLarge ? tooLarge : error }
        }
        try await exchange.answer(Self.answer(published))
    }

    private static func answer(_ published: Published) -> Answer {
        let fields: HTTPFields = [
            .eTag: "\"\(published.digest)\"", .reprDigest: published.digest.field,
        ]
        switch published.outcome {
        case .created: return Answer(.created, fields: fields)
        case .unchanged, .healed: return Answer(.ok, fields: fields)
        case .replaced: return Answer(.noContent, fields: fields)
        }
    }

    /// - Throws: what says before the body comes that it cannot be stored as it is.
    private func expectStorable(_ fields: HTTPFields) throws(Problem) {
        if fields[.contentRange] != nil { throw Problem(.badRequest, "a part of a package cannot be published") }
        if let coding = fields[.contentEncoding], coding.lowercased() != "identity" {
            throw Problem(.unsupportedMediaType, "content is stored as it is, and has no Content-Encoding")
        }
        if let type = fields[.contentType], type.utf8.count > 255 {
            throw Problem(.unsupportedMediaType, "the content type has more than 255 bytes")
        }
        if let length = fields[.contentLength].flatMap({ Int64($0) }), length > settings.uploadBytes {
            throw tooLarge
        }
    }

    private var tooLarge: Problem {
        Problem(.contentTooLarge, "a package has at most \(settings.uploadBytes) bytes here")
    }

    /// What the store holds a write to, so that nobody comes between the look and the write; nil for no condition.
    /// - Throws: 412 where what is there is not what the client expects.
    private func condition(
        _ path: PackagePath, in name: FeedName, _ fields: HTTPFields
    ) async throws -> Condition? {
        let conditions = Preconditions(fields)
        guard conditions.isConditional else { return nil }
        let package = try await feeds.package(at: path, in: name)
        guard conditions.outcome(for: package.map { .init($0.record) }, isReading: false) == .proceed else {
            throw Problem(.preconditionFailed, "\"\(path)\" is not what the request expects")
        }
        return package.map { .digest($0.digest) } ?? .absent
    }

    func deletePackage(_ path: PackagePath, in name: FeedName, _ exchange: inout Exchange) async throws {
        try await admit(.manage, to: name, &exchange)
        let condition = try await condition(path, in: name, exchange.fields)
        let caller = exchange.caller.name
        let isDeleted = try await feeds.feed(name).write(at: path) { (feed) async throws(StoreError) in
            guard try await feed.package(at: path) != nil else { return false }
            return try await feed.remove(path, if: condition, by: caller)
        }
        guard isDeleted else { throw Problem(.notFound, "\"\(path)\" is not in the feed \"\(name)\"") }
        try await exchange.answer(Answer(.noContent))
    }
}
