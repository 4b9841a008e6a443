internal import Synchronization

/// A node of a store while it runs: its entry in the registry, its share of the jobs, and, when it holds the lease, the
/// planning.
///
/// *Guarantees*: whatever a node does under a lease or a claim is cancelled when that ends by this machine's own clock.
/// A node that was paused or cut off does not go on with what another may have taken over.
public final class ClusterNode: Sendable {
    /// How a node takes part.
    public struct Options: Sendable {
        /// What the node says of itself; its secrets and its number of shards are added.
        public var about: NodeRecord.Description
        /// What is planned while this node is the planner. All nodes of a store have the same.
        public var schedules: [Schedule] = []
        /// Looks up what is planned beside that, every ``ClusterTiming/rulesLook``: ``FeedRules``.
        public var rules: @Sendable () async throws(StoreError) -> [Schedule] = { () async throws(StoreError) in [] }
        /// How many shards of jobs this node does at a time.
        public var shards = 2
        /// How often it looks and gives signs of life.
        public var timing = ClusterTiming()

        /// The defaults.
        public init(about: NodeRecord.Description) {
            self.about = about
        }
    }

    /// What a node knows of itself.
    public struct Standing: Sendable, Equatable {
        /// The node that plans, as far as this one has seen.
        public var planner: String?
        /// The planner's term.
        public var term: Int64 = 0
        /// Whether this node plans.
        public var isPlanner = false
        /// Time since its last heartbeat was stored.
        public var heartbeatAge: Duration = .zero
    }

    private struct State: Sendable {
        var standing = Standing()
        var lastBeat: Duration
        var lease: Lease?
        var shards: Int64 = 0
    }

    static let plannerLease = "planner"

    /// The node's name.
    public let node: NodeName
    /// The other nodes, as this one sees them.
    public let registry: NodeRegistry
    /// The secrets that all nodes share.
    public let secrets: SecretRing
    /// What this node has under way; who serves requests runs them in it.
    public let work = WorkTracker()
    let storage: any Storage
    let options: Options
    let clock: NodeClock
    let runners: [any JobRunner]
    let report: @Sendable (ClusterEvent) -> Void
    private let state: Mutex<State>

    private init(
        _ storage: any Storage, node: NodeName, runners: [any JobRunner], options: Options, clock: NodeClock,
        secrets: SecretRing, report: @escaping @Sendable (ClusterEvent) -> Void
    ) {
        self.storage = storage
        self.node = node
        self.runners = runners
        self.options = options
        self.clock = clock
        self.secrets = secrets
        self.report = report
        registry = NodeRegistry(storage, timing: options.timing, clock: clock)
        state = Mutex(State(lastBeat: clock.now()))
    }

    /// A node of a store; ``run()`` makes it take part.
    /// - Parameters:
    ///   - runners: what it can do; at most one of a kind.
    ///   - report: told what happens, from any thread.
    /// - Cost: one request.
    public static func open(
        _ store: PackageStore, runners: [any JobRunner], _ options: Options, clock: NodeClock = .ofMachine,
        report: @escaping @Sendable (ClusterEvent) -> Void = { _ in }
    ) async throws(StoreError) -> ClusterNode {
        try await open(
            store.server.storage, node: store.node, runners: runners, options, clock: clock, report: report)
    }

    package static func open(
        _ storage: any Storage, node: NodeName, runners: [any JobRunner], _ options: Options, clock: NodeClock,
        report: @escaping @Sendable (ClusterEvent) -> Void
    ) async throws(StoreError) -> ClusterNode {
        let secrets = try await SecretRing.open(storage, node: node, clock: clock)
        return ClusterNode(
            storage, node: node, runners: runners, options: options, clock: clock, secrets: secrets, report: report)
    }

    /// What the node knows of itself; costs no request.
    public var standing: Standing {
        state.withLock { state in
            var standing = state.standing
            standing.isPlanner = state.lease?.isHeld ?? false
            standing.heartbeatAge = clock.now() - state.lastBeat
            return standing
        }
    }

    /// The lease, while this node plans.
    package var lease: Lease? { state.withLock(\.lease) }

    func see(_ view: LeaseWatch.View) {
        state.withLock { state in
            state.standing.planner = view.node
            state.standing.term = view.term
        }
    }

    func hold(_ lease: Lease?) {
        state.withLock { state in
            state.lease = lease
            guard let lease else { return }
            state.standing.planner = node.text
            state.standing.term = lease.term
        }
        report(.planning(term: lease?.term))
    }

    func noteBeat(_ number: Int64, at time: Duration) {
        work.note(beat: number)
        state.withLock { $0.lastBeat = time }
    }
    func noteShards(_ change: Int64) { state.withLock { $0.shards += change } }

    /// What the next heartbeat says.
    func description() throws(StoreError) -> NodeRecord.Description {
        var about = options.about
        about.secrets = try secrets.known
        about.load["shards"] = state.withLock(\.shards)
        about.oldestWork = work.oldest
        return about
    }
}
