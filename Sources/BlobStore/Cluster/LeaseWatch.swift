/// Looks at a lease again and again, and tells by this machine's own clock when its holder has fallen silent.
///
/// The timer starts with *the reply* that first showed this version of the record: a reply says only what was there at
/// some time before it.
public struct LeaseWatch: Sendable {
    /// What the last look showed.
    public struct View: Sendable, Equatable {
        /// The node that holds the lease; nil when nobody does.
        public let node: String?
        /// The term of the present or the last holder; 0 where nobody ever held it.
        public let term: Int64
        /// For how long the record has not changed, as far as this watch knows.
        public let age: Duration
        /// Whether it may be claimed: it is not held, or its holder was silent for its length.
        public let isFree: Bool
    }

    private let name: String
    private let storage: any Storage
    private let clock: NodeClock
    private var since = Duration.zero
    /// The record as it was seen last; nil where there was none.
    private(set) var seen: Stored<LeaseRecord>?

    /// Watches the lease of that name.
    public init(_ name: String, of storage: any Storage, clock: NodeClock = .ofMachine) throws(StoreError) {
        self.init(trusted: try Lease.validName(name), of: storage, clock)
    }

    init(trusted name: String, of storage: any Storage, _ clock: NodeClock) {
        self.name = name
        self.storage = storage
        self.clock = clock
    }

    /// When the holder that was seen last will have been silent for too long; it may be past.
    var expiry: Duration { since + NodeClock.patience(seen?.body.length ?? .zero) }

    /// Looks at the lease.
    ///
    /// *Cost*: one request.
    public mutating func look() async throws(StoreError) -> View {
        let found = try await LeaseRecord.find(LeaseRecord.key(name), in: storage)
        let now = clock.now()
        if found?.version != seen?.version || found == nil { since = now }
        seen = found
        let holder = found?.body.holder
        return View(
            node: holder?.node, term: found?.body.term ?? 0, age: now - since,
            isFree: holder == nil || now >= expiry)
    }
}
