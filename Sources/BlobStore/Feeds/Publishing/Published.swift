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

    public let outcome: Outcome
    public let path: PackagePath
    public let digest: Digest
    /// In bytes.
    public let size: Int64
}

/// What is said of a publication beside its content.
public struct PublicationDetails: Sendable {
    /// Who publishes.
    public var by: String
    public var contentType: String?
    public var annotations: [String: String]?

    public init(by: String, contentType: String? = nil, annotations: [String: String]? = nil) {
        self.by = by
        self.contentType = contentType
        self.annotations = annotations
    }
}
