/// A published package, as its record tells.
public struct Package: Sendable {
    /// What is known of the package.
    public let record: PackageRecord
    /// The record's revision: it names this state of the package, and is what a ``Condition`` can ask for.
    public let revision: String
    private let reader: ContentReader
    /// Looks the package up anew, where it may have been looked up a while ago.
    private let renewed: (@Sendable () async throws(StoreError) -> Package?)?

    init(
        _ stored: Stored<PackageRecord>, in content: ContentStore, keeping kept: KeptContents? = nil,
        renewed: (@Sendable () async throws(StoreError) -> Package?)? = nil
    ) {
        record = stored.body
        revision = stored.document.revision
        reader = ContentReader(digest: record.digest, size: record.size, content: content, kept: kept)
        self.renewed = renewed
    }

    /// The path of the package in its feed.
    public var path: PackagePath { record.path }
    /// Names the content.
    public var digest: Digest { record.digest }
    /// In bytes.
    public var size: Int64 { record.size }

    /// Opens the content, or a part of it, for `body`, and returns what that does.
    ///
    /// *Guarantees*: of a whole reading the last chunk is delivered only after the digest matched, so that damage is
    /// never served as good. A range is not verified.
    /// - Parameters:
    ///   - range: the bytes wanted; nil for all.
    ///   - pieces: how large the chunks are at most, and how many are fetched ahead. On a filesystem they are hashed
    ///     where they are fetched, while the body works on another.
    /// - Throws: `notFound` when the content is missing, of which `StoreError.isContentGone` tells; `corrupt`; and
    ///   what `body` throws.
    /// - Cost: memory for one piece and those ahead.
    public func read<Value: ~Copyable & Sendable>(
        _ range: Range<Int64>? = nil, in pieces: Pieces = .large,
        _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        var isHandedOver = false
        do {
            return try await reader.read(range, in: pieces) { (content) async throws(StoreError) -> Value in
                isHandedOver = true
                return try await body(content)
            }
        } catch  where error.isContentGone && !isHandedOver {
            // The feed may have moved since, or the package was deleted.
            guard let fresh = try await renewed?(), fresh.digest == digest else { throw error }
            return try await fresh.read(range, in: pieces, body)
        }
    }

    /// Opens the content, or a part of it, for a body that throws errors of its own; see ``read(_:in:_:)``.
    public func withContent<Value: Sendable>(
        _ range: Range<Int64>? = nil, in pieces: Pieces = .large,
        _ body: (ObjectContent) async throws -> Value
    ) async throws -> Value {
        let outcome = try await read(range, in: pieces) {
            (content) async throws(StoreError) -> Result<Value, any Error> in
            do { return .success(try await body(content)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// Whether the content is there to be read, as far as that shows without reading it.
    /// - Throws: `corrupt` when what is there has another size; what looking throws.
    /// - Cost: one look at the blob.
    public func isContentThere() async throws(StoreError) -> Bool {
        do throws(StoreError) {
            try await reader.content.previewReading(digest, size: size)
            return true
        } catch  where error.isContentGone {
            guard let fresh = try await renewed?(), fresh.digest == digest else { return false }
            return try await fresh.isContentThere()
        }
    }
}

/// What there is at a path.
public enum PackageLookup: Sendable {
    /// A package.
    case package(Package)
    /// A package that was deleted, and how; it can be restored.
    case deleted(PackageRecord.Act)
    /// Nothing was ever published there.
    case absent

    /// The package; nil when there is none, or it is deleted.
    public var package: Package? { if case .package(let package) = self { package } else { nil } }

    init(_ stored: Stored<PackageRecord>?, _ package: (Stored<PackageRecord>) -> Package) {
        if let stored {
            self = stored.body.deleted.map { .deleted($0) } ?? .package(package(stored))
        } else {
            self = .absent
        }
    }
}

/// Content of a feed that was asked for by its digest, whichever packages name it.
public struct StoredContent: Sendable {
    /// Names the content.
    public var digest: Digest { reader.digest }
    /// In bytes, as it stands in the storage.
    public var size: Int64 { reader.size }
    private let reader: ContentReader

    init(_ reader: ContentReader) { self.reader = reader }

    /// Opens the content, or a part of it; see ``Package/read(_:in:_:)``.
    public func read<Value: ~Copyable & Sendable>(
        _ range: Range<Int64>? = nil, in pieces: Pieces = .large,
        _ body: (ObjectContent) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await reader.read(range, in: pieces, body)
    }
}

extension Feed {
    /// The package at a path; nil when there is none, or it is deleted.
    public func package(at path: PackagePath) async throws(StoreError) -> Package? {
        try await lookUp(path).package
    }

    /// What there is at a path: a package, one that was deleted, or nothing.
    public func lookUp(_ path: PackagePath) async throws(StoreError) -> PackageLookup {
        let opened = try await open()
        return PackageLookup(try await opened.package(path)) { Package($0, in: opened.content) }
    }

    /// The content of that digest, if this feed has it; nil when it does not.
    ///
    /// It may be content that no package names any more and that was not collected yet.
    /// - Cost: one look at the blob.
    public func content(_ digest: Digest) async throws(StoreError) -> StoredContent? {
        let content = try await open().content
        return try await content.findSize(digest).map {
            StoredContent(ContentReader(digest: digest, size: $0, content: content))
        }
    }

    /// Everything that happened at a path as far as it is kept, the latest first; empty when nothing did.
    public func log(_ path: PackagePath) async throws(StoreError) -> [PackageRecord.State] {
        guard let stored = try await open().package(path) else { return [] }
        return [stored.body.state(stored.document.revision)] + (stored.body.previous ?? [])
    }
}

extension PackageStore {
    /// The package at a path of a feed; nil when there is none, or it is deleted.
    /// - Throws: `notFound` when there is no such feed.
    /// - Cost: one read of the catalog and one of the record.
    public func package(at path: PackagePath, in feed: FeedName) async throws(StoreError) -> Package? {
        try await Feed(feed, in: self).package(at: path)
    }
}
