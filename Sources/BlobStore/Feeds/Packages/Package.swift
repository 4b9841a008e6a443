/// A published package, as its record tells.
public struct Package: Sendable {
    public let record: PackageRecord
    private let content: ContentStore

    init(_ record: PackageRecord, _ content: ContentStore) {
        self.record = record
        self.content = content
    }

    /// The path of the package in its feed.
    public var path: PackagePath { record.path }
    /// Names the content.
    public var digest: Digest { record.digest }
    /// In bytes.
    public var size: Int64 { record.size }

    /// Opens the content, or a part of it, for `body`.
    ///
    /// *Guarantees*: of a whole reading the last chunk is delivered only after the digest matched, so that damage is
    /// never served as good. A range is not verified.
    /// - Throws: `notFound` when the content is missing; `corrupt`; and what `body` throws.
    public func withContent<Value: Sendable>(
        _ range: Range<Int64>? = nil, _ body: (ObjectContent) async throws -> Value
    ) async throws -> Value {
        var outcome: Result<Value, any Error>?
        try await content.read(digest, size: size, range: range) { (content) async throws(StoreError) in
            do { outcome = .success(try await body(content)) } catch { outcome = .failure(error) }
        }
        guard let outcome else { throw StoreError(.failed, "the content was never opened") }
        return try outcome.get()
    }
}

extension Feed {
    /// The package at a path; nil when there is none, or it is deleted.
    public func package(at path: PackagePath) async throws(StoreError) -> Package? {
        let visit = try await visit()
        guard let stored = try await visit.package(path), stored.body.deleted == nil else { return nil }
        return Package(stored.body, visit.content)
    }

    /// Everything that happened at a path as far as it is kept, the latest first; empty when nothing did.
    public func log(_ path: PackagePath) async throws(StoreError) -> [PackageRecord.State] {
        guard let stored = try await visit().package(path) else { return [] }
        return [stored.body.state(stored.document.revision)] + (stored.body.previous ?? [])
    }
}
