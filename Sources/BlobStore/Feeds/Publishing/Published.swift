public import LocalFiles

/// What became of a publication. It was durable before it was reported.
public struct Published: Sendable, Equatable {
    /// What publishing came to.
    public enum Outcome: String, Sendable {
        /// The path was free.
        case created
        /// The same content was there.
        case unchanged
        /// Other content was there, which a mutable feed keeps as a former revision.
        case replaced
        /// The same content was published there, but its stored bytes were missing or damaged; they are whole now.
        case healed
    }

    /// What publishing came to.
    public internal(set) var outcome: Outcome
    /// The path that was published.
    public let path: PackagePath
    /// The SHA-256 of the content.
    public let digest: Digest
    /// In bytes.
    public let size: Int64
    /// The revision of the record that names the content now, which a ``Condition`` can ask for; nil where nothing was
    /// done.
    public internal(set) var revision: String?
    /// How a promotion knew that the content is whole; nil for what a publisher sent, which was hashed on its way.
    public internal(set) var verified: Verified?

    /// When content that was stored already was read and found whole.
    public enum Verified: Sendable, Equatable {
        /// By this very operation.
        case now
        /// By a check, not long ago: since then at least.
        case earlier(Timestamp)
    }
}

extension Published.Outcome {
    /// What a publication came to that was made once more: what it finds unchanged then is its own work, which moved
    /// with the feed.
    func after(_ earlier: Self?) -> Self { self == .unchanged ? earlier ?? self : self }
}

/// What is said of a publication beside its content.
public struct PublicationDetails: Sendable {
    /// Who publishes.
    public var by: String
    /// The content type to keep with the package.
    public var contentType: String?
    /// Whatever else to keep with the package, by name.
    public var annotations: [String: String]?

    /// Details of a publication by that person or service.
    public init(by: String, contentType: String? = nil, annotations: [String: String]? = nil) {
        self.by = by
        self.contentType = contentType
        self.annotations = annotations
    }
}

extension PublicationDetails {
    /// The annotation that says when the file that was published was changed last.
    static let modified = "modified"

    /// The same for the content of a file: with the time of that, which is kept as an annotation, since a package's own
    /// time is that of its publication.
    public func describing(_ file: LocalFile) -> PublicationDetails {
        var details = self
        // Four digits are all that a year has in RFC 3339.
        guard (0...253_402_300_799).contains(file.modified.seconds) else { return details }
        details.annotations = [Self.modified: file.modified.description].merging(annotations ?? [:]) { $1 }
        return details
    }
}

extension PackageRecord {
    /// When the file that was published was changed last; nil where nobody said.
    public var modified: Timestamp? {
        guard let text = annotations?[PublicationDetails.modified], text.utf8.count <= 20 else { return nil }
        return Timestamp(text)
    }
}
