/// What the catalog says of a feed: its policy, where its root is, and its state.
public struct FeedRecord: DocumentBody {
    package static let title = "feed record"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case feed, state, epoch, id, root, mutable, graceSeconds, digests, created, migration, former, formers
        case predecessor, successor
    }

    /// Whether a feed takes writes, or is on its way.
    public enum State: String, Sendable, Codable {
        case active, migrating, deleting
        /// The record is handed over by another catalog, and this one not in charge of the feed yet.
        case arriving
        /// Another catalog is in charge of the feed.
        case moved
    }

    public let feed: FeedName
    public internal(set) var state: State
    /// Grows whenever what a publisher relies on changes: the root or the state.
    public internal(set) var epoch: Int64
    /// The id that the marker of the feed's root carries.
    public internal(set) var id: String
    /// The feed-level root; nil when the feed stands in the server root.
    public internal(set) var root: RootURL?
    /// Whether other content may replace what is published at a path.
    public internal(set) var mutable: Bool
    /// How long unreferenced content is kept, in seconds.
    public internal(set) var graceSeconds: Int64
    /// Digests that are kept beside SHA-256.
    public internal(set) var digests: [ExtraDigest]?
    public let created: Timestamp
    /// Set while the feed's packages are being copied to another root.
    public internal(set) var migration: Destination?
    /// As a version wrote it that knew one former root; read with the others, and never written.
    private(set) var former: FormerRoot?
    private(set) var formers: [FormerRoot]?
    /// The server root that handed the feed over to this one.
    public internal(set) var predecessor: Handover?
    /// The server root that the feed was handed over to.
    public internal(set) var successor: Handover?

    /// Where a feed's packages are being copied to.
    public struct Destination: Sendable, Equatable, Codable {
        /// Nil for the feed's place in the server root.
        public let root: RootURL?
        /// The id that the marker there carries.
        public let id: String
        public let since: Timestamp
        public let by: String
        /// Names the run that is at work, so that one who was taken over finds out.
        public internal(set) var run: String?
    }

    package init(_ feed: FeedName, id: String, root: RootURL?, _ policy: FeedPolicy) {
        self.feed = feed
        self.id = id
        self.root = root
        state = .active
        epoch = 1
        mutable = policy.mutable ?? false
        graceSeconds = policy.graceSeconds ?? 86_400
        digests = policy.digests
        created = .now
    }
}

/// What can be set of a feed; nil leaves it as it is, or at its default.
public struct FeedPolicy: Sendable, Equatable {
    /// Default: immutable.
    public var mutable: Bool?
    /// Default: 24 hours.
    public var graceSeconds: Int64?
    /// Default: none but SHA-256.
    public var digests: [ExtraDigest]?

    public init(mutable: Bool? = nil, graceSeconds: Int64? = nil, digests: [ExtraDigest]? = nil) {
        self.mutable = mutable
        self.graceSeconds = graceSeconds
        self.digests = digests
    }
}

extension FeedRecord {
    /// Keeps the former roots in the field that has room for all.
    mutating func set(_ formerRoots: [FormerRoot]) {
        former = nil
        formers = formerRoots.isEmpty ? nil : formerRoots
    }

    package mutating func apply(_ policy: FeedPolicy) {
        mutable = policy.mutable ?? mutable
        graceSeconds = policy.graceSeconds ?? graceSeconds
        digests = policy.digests ?? digests
    }

    /// Enters a state or moves to a root: what began before can no longer be reported done.
    package mutating func change(to state: State, root: RootURL?, id: String) {
        self.state = state
        self.root = root
        self.id = id
        epoch += 1
    }
}
