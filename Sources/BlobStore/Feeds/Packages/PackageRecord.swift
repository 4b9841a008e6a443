/// The small JSON object that ties a package path to a digest.
public struct PackageRecord: DocumentBody {
    package static let title = "package record"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case path, digest, size, published, publishedBy, contentType, digests, annotations, deleted, restored, previous
    }

    /// The path of the package in its feed.
    public let path: PackagePath
    /// The SHA-256 of the content.
    public internal(set) var digest: Digest
    /// In bytes.
    public internal(set) var size: Int64
    /// When the content was published, in UTC.
    public internal(set) var published: Timestamp
    /// Who published it.
    public internal(set) var publishedBy: String
    /// The content type, as the publisher gave it.
    public internal(set) var contentType: String?
    /// Further digests in lower-case hex, by function.
    public internal(set) var digests: [String: String]?
    /// Whatever the server wants to keep with the package.
    public internal(set) var annotations: [String: String]?
    /// Set while the package is deleted.
    public internal(set) var deleted: Act?
    /// Set when what is there now was restored.
    public internal(set) var restored: Act?
    /// What the record said before, the latest first.
    public internal(set) var previous: [State]?

    /// Something a person or service did.
    public struct Act: Sendable, Equatable, Codable {
        /// When, in UTC.
        public let at: Timestamp
        /// Who: a person or a service.
        public let by: String

        /// An act of that time, by that person or service.
        public init(at: Timestamp, by: String) {
            self.at = at
            self.by = by
        }
    }

    /// What a record said until a write replaced it.
    public struct State: Sendable, Equatable, Codable {
        /// The record's revision at that time.
        public let revision: String
        /// The SHA-256 of the content at that time.
        public let digest: Digest
        /// The size of the content, in bytes.
        public let size: Int64
        /// When that content was published, in UTC.
        public let published: Timestamp
        /// Who published it.
        public let publishedBy: String
        /// The content type, as the publisher gave it.
        public let contentType: String?
        /// Further digests in lower-case hex, by function.
        public let digests: [String: String]?
        /// What the server kept with the package.
        public let annotations: [String: String]?
        /// The deletion that made it so; nil if it was not deleted.
        public let deleted: Act?
        /// The restoration that made it so; nil if it was published.
        public let restored: Act?

        /// What made it so: the deletion, the restoration, or else the publication.
        public var act: Act { deleted ?? restored ?? Act(at: published, by: publishedBy) }
    }

    package var flaw: String? {
        if size < 0 { return "the size \(size) is negative" }
        return previous?.first { $0.size < 0 }.map { "the size \($0.size) of a former revision is negative" }
    }

    /// So many former states are kept.
    package static let maximumPrevious = 16

    package init(_ path: PackagePath, content: PackageContent, by act: Act) {
        self.path = path
        digest = content.digest
        size = content.size
        published = act.at
        publishedBy = act.by
        contentType = content.contentType
        digests = content.digests
        annotations = content.annotations
    }
}

/// What a publication says of its content.
package struct PackageContent: Sendable, Equatable {
    package let digest: Digest
    package let size: Int64
    package var digests: [String: String]?
    package var contentType: String?
    package var annotations: [String: String]?

    package init(_ summary: ContentHasher.Summary, contentType: String?, annotations: [String: String]?) {
        digest = summary.digest
        size = summary.size
        let extras = summary.extras.map { ($0.key.rawValue, $0.value) }
        digests = extras.isEmpty ? nil : Dictionary(uniqueKeysWithValues: extras)
        self.contentType = contentType
        self.annotations = annotations
    }

    package init(_ record: PackageRecord) {
        digest = record.digest
        size = record.size
        digests = record.digests
        contentType = record.contentType
        annotations = record.annotations
    }
}

extension PackageContent {
    /// What is known of it without hashing it again.
    var summary: ContentHasher.Summary { ContentHasher.Summary(digest: digest, size: size, extras: [:]) }
}

extension PackageRecord {
    /// Every digest that this record keeps from being collected.
    package var references: Set<Digest> { Set([digest] + (previous ?? []).map(\.digest)) }

    /// What is known of its content without hashing it again.
    package var summary: ContentHasher.Summary { ContentHasher.Summary(digest: digest, size: size, extras: [:]) }

    /// The record after other content was published.
    package func replaced(by content: PackageContent, _ act: Act, revision: String) -> PackageRecord {
        var next = PackageRecord(path, content: content, by: act)
        next.previous = history(revision)
        return next
    }

    /// The record as a tombstone.
    package func deleted(_ act: Act, revision: String) -> PackageRecord {
        var next = self
        next.previous = history(revision)
        next.deleted = act
        next.restored = nil
        return next
    }

    /// The record without its tombstone.
    package func restored(_ act: Act, revision: String) -> PackageRecord {
        var next = self
        next.previous = history(revision)
        next.deleted = nil
        next.restored = act
        return next
    }

    /// The present state as a former one.
    package func state(_ revision: String) -> State {
        State(
            revision: revision, digest: digest, size: size, published: published, publishedBy: publishedBy,
            contentType: contentType, digests: digests, annotations: annotations, deleted: deleted, restored: restored)
    }

    private func history(_ revision: String) -> [State] {
        Array(([state(revision)] + (previous ?? [])).prefix(Self.maximumPrevious))
    }
}
