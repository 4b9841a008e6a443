/// What the catalog says of a feed: its policy, where its root is, and its state.
public struct FeedRecord: DocumentBody {
    package static let title = "feed record"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case feed, state, epoch, id, root, mutable, graceSeconds, digests, verifySeconds, collects, created
        case migration, former, formers, predecessor, successor, deletion, gate, anonymousRead, replaceable, retain
    }

    /// Whether a feed takes writes, or is on its way.
    public enum State: String, Sendable, Codable {
        case active, migrating, deleting
        /// The record is handed over by another catalog, and this one not in charge of the feed yet.
        case arriving
        /// Another catalog is in charge of the feed.
        case moved
    }

    /// The feed's name.
    public let feed: FeedName
    /// What may be done with the feed.
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
    /// Within how long nodes verify all content, in seconds: 0 for never, nil for the default.
    private(set) var verifySeconds: Int64?
    /// Whether nodes free garbage; nil where nobody has said so: then they do not.
    private(set) var collects: Bool?
    /// Whether server nodes let anybody read; nil where nobody has said so: then they do not.
    private(set) var anonymousRead: Bool?
    /// The paths of an immutable feed at which other content may replace what is published.
    public internal(set) var replaceable: [PathPattern]?
    /// How many versions stay in which folders; nil where nobody has said so: then all do.
    private(set) var retain: [RetentionRule]?
    /// When the feed was created, in UTC.
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
    /// Set while the feed is being deleted; not by versions that did not know it.
    public internal(set) var deletion: Deletion?
    /// Whether content may be taken away; nil where that never was. See `presentGate`.
    public internal(set) var gate: CollectionGate?

    /// A deletion that was begun: what another process needs to know to finish it, or to give it up.
    public struct Deletion: Sendable, Equatable, Codable {
        /// How far it has come. Each step is noted before the first act that belongs to it.
        public enum Step: String, Sendable, Codable {
            /// Nothing is gone yet: it can be given up.
            case looking
            /// Things are being removed; the root's marker stays until all else is gone.
            case removing
            /// Nothing is left that anybody would miss: the marker may be gone, and the root with it.
            case emptied
        }

        /// Names the process that is at work, so that one who was taken over finds out.
        public let run: String
        /// Who, or which node, does it.
        public let by: String
        /// Since when, in UTC.
        public let since: Timestamp
        /// The state that the feed goes back to when the deletion is given up.
        public let former: State
        /// Whether packages go too.
        public let purges: Bool
        /// How far it is: a step is noted before it is taken.
        public internal(set) var step: Step
    }

    /// Where a feed's packages are being copied to.
    public struct Destination: Sendable, Equatable, Codable {
        /// Nil for the feed's place in the server root.
        public let root: RootURL?
        /// The id that the marker there carries.
        public let id: String
        /// Since when, in UTC.
        public let since: Timestamp
        /// Who, or which node, does it.
        public let by: String
        /// Names the run that is at work, so that one who was taken over finds out.
        public internal(set) var run: String?
    }

    package var flaw: String? {
        if let flaw = epoch.flawOfCounter { return "the epoch \(flaw)" }
        if let flaw = gate?.version.flawOfCounter { return "the version of the gate \(flaw)" }
        guard (0...FeedPolicy.longestGraceSeconds).contains(graceSeconds) else {
            return "a grace period of \(graceSeconds) seconds is out of range"
        }
        guard (0...FeedPolicy.longestGraceSeconds).contains(verifySeconds ?? 0) else {
            return "to verify within \(verifySeconds ?? 0) seconds is out of range"
        }
        return nil
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
        verifySeconds = policy.verifySeconds
        collects = policy.collects
        anonymousRead = policy.anonymousRead
        replaceable = policy.replaceable
        retain = policy.retain
        created = .now
    }
}

/// What can be set of a feed; nil leaves it as it is, or at its default.
public struct FeedPolicy: Sendable, Equatable {
    /// Ten years.
    package static let longestGraceSeconds: Int64 = 10 * 365 * 86_400

    /// Default: immutable.
    public var mutable: Bool?
    /// Default: 24 hours.
    public var graceSeconds: Int64?
    /// Default: none but SHA-256.
    public var digests: [ExtraDigest]?
    /// Within how long nodes verify all content, 0 for never. Default: 30 days.
    public var verifySeconds: Int64?
    /// Whether nodes free garbage, as `blobtool gc --delete` does. Default: no.
    public var collects: Bool?
    /// Whether server nodes let anybody read, without an API key. Default: no.
    public var anonymousRead: Bool?
    /// The paths of an immutable feed at which other content may replace what is published. Default: none.
    public var replaceable: [PathPattern]?
    /// How many versions stay in which folders; nodes delete older ones. Default: all stay.
    public var retain: [RetentionRule]?

    /// A policy; what is nil stays as it is, or takes the default of a new feed.
    public init(
        mutable: Bool? = nil, graceSeconds: Int64? = nil, digests: [ExtraDigest]? = nil, verifySeconds: Int64? = nil,
        collects: Bool? = nil, anonymousRead: Bool? = nil, replaceable: [PathPattern]? = nil,
        retain: [RetentionRule]? = nil
    ) {
        self.mutable = mutable
        self.graceSeconds = graceSeconds
        self.digests = digests
        self.verifySeconds = verifySeconds
        self.collects = collects
        self.anonymousRead = anonymousRead
        self.replaceable = replaceable
        self.retain = retain
    }
}

// Who may read.
extension FeedRecord {
    /// Whether server nodes let anybody read, without an API key.
    public var isOpenToAnyone: Bool { anonymousRead ?? false }
}

// What nodes do with the feed unasked.
extension FeedRecord {
    /// Within how long nodes verify all content; nil where they do not.
    public var verificationPeriod: Duration? {
        verifySeconds == 0 ? nil : .seconds(verifySeconds ?? Self.usualVerifySeconds)
    }

    /// Whether nodes free garbage.
    public var isCollected: Bool { collects ?? false }

    /// How many versions stay in which folders; none where all do.
    public var retentionRules: [RetentionRule] { retain ?? [] }

    private static let usualVerifySeconds: Int64 = 30 * 86_400
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
        verifySeconds = policy.verifySeconds ?? verifySeconds
        collects = policy.collects ?? collects
        anonymousRead = policy.anonymousRead ?? anonymousRead
        replaceable = policy.replaceable ?? replaceable
        retain = policy.retain ?? retain
    }

    /// Enters a deletion, or takes one over.
    mutating func beginDeletion(run: String, by: String, purges: Bool) {
        // Of a mark that an older version set it is not known what is gone.
        let isUnknown = state == .deleting && deletion == nil
        deletion = Deletion(
            run: run, by: by, since: deletion?.since ?? .now,
            former: deletion?.former ?? (isUnknown ? .active : state),
            purges: purges || deletion?.purges ?? isUnknown,
            step: deletion?.step ?? (isUnknown ? .removing : .looking))
        change(to: .deleting, root: root, id: id)
    }

    /// What is said to whoever wants to use a feed that is being deleted.
    package var isBeingDeleted: StoreError {
        StoreError(.notFound, "the feed \"\(feed)\" is being deleted; \(wayOutOfDeletion)")
    }

    /// What a person can do about a deletion that did not end.
    package var wayOutOfDeletion: String {
        let begun = deletion.map { "started on \($0.since) by \"\($0.by)\"; " } ?? ""
        let purge = deletion?.purges == false ? "" : " --purge"
        let canGoBack = deletion == nil || deletion?.step == .looking
        return begun + "\"blobtool feed delete \(feed)\(purge)\" finishes it"
            + (canGoBack ? ", and \"blobtool feed delete \(feed) --abort\" keeps the feed" : "")
    }

    /// Goes back to what the feed was before its deletion began.
    mutating func giveUpDeletion() {
        let former = deletion?.former ?? .active
        deletion = nil
        change(to: former, root: root, id: id)
    }

    /// Enters a state or moves to a root: what began before can no longer be reported done.
    ///
    /// In another root the gate begins anew, in a version that nobody holds: a collector of the former root opens none
    /// any more. It begins as active, since the feed may have been in that root before and a collector there may have
    /// been stopped before its last step, unless the root is known to hold no collector's marker.
    /// - Parameter hasNoMarkers: whether no blob of the root was ever condemned; looked at while nobody could open a
    ///   gate there.
    package mutating func change(to state: State, root: RootURL?, id: String, hasNoMarkers: Bool = false) {
        if id != self.id { gate = presentGate.next(hasNoMarkers ? .idle : .active, of: id) }
        self.state = state
        self.root = root
        self.id = id
        epoch += 1
    }
}
