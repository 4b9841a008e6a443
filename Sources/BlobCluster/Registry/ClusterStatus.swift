/// The nodes of a store at one look, for whoever does not watch them.
///
/// Ages are by the clocks of machines. A node that is silent by these is watched for a heartbeat, to be sure.
public struct ClusterStatus: Sendable {
    /// The planner's lease.
    public struct Planner: Sendable, Equatable {
        /// Who holds it, or held it last.
        public let node: String?
        /// How often it was taken.
        public let term: Int64
        /// Whether a live node holds it.
        public let isHeld: Bool
    }

    /// In the order of their names.
    public let nodes: [NodeStatus]
    /// Nil where no node ever planned.
    public let planner: Planner?
    /// What the live nodes should agree on, and do not.
    public let drift: [Drift]

    /// Whether a node takes part.
    public var hasLiveNodes: Bool { nodes.contains { $0.state == .alive } }

    /// Whether every node that did not leave takes part, all agree, and one of them plans.
    public var isGood: Bool {
        let isWhole = nodes.allSatisfy { $0.state == .alive || $0.state == .left }
        return isWhole && drift.isEmpty && (!hasLiveNodes || planner?.isHeld == true)
    }

    /// Looks at the cluster of that store.
    /// - Throws: what listing and reading the lease throws; a node whose record cannot be read is `unknown`.
    /// - Cost: one listing, and a request a node and for the lease; where a node seems silent, 12.5 seconds, and the
    ///   same for the nodes once more.
    public static func read(
        _ store: PackageStore, timing: ClusterTiming = ClusterTiming()
    ) async throws(StoreError) -> ClusterStatus {
        try await read(store.server.storage, timing: timing)
    }

    package static func read(
        _ storage: any Storage, timing: ClusterTiming = ClusterTiming(), clock: NodeClock = .ofMachine
    ) async throws(StoreError) -> ClusterStatus {
        let nodes = try await NodeRegistry(storage, timing: timing, clock: clock).survey()
        return ClusterStatus(nodes: nodes, planner: try await planner(storage, nodes), drift: Drift.among(nodes))
    }

    private static func planner(_ storage: any Storage, _ nodes: [NodeStatus]) async throws(StoreError) -> Planner? {
        let key = LeaseRecord.key(ClusterNode.plannerLease)
        guard let lease = try await LeaseRecord.find(key, in: storage)?.body else { return nil }
        let holder = nodes.first { $0.node == lease.holder?.node }
        return Planner(node: lease.holder?.node, term: lease.term, isHeld: holder?.state == .alive)
    }
}

extension NodeRegistry {
    /// Looks at all nodes once, by what they say of the time; once more at those that seem silent, since their clocks
    /// may be wrong.
    func survey() async throws(StoreError) -> [NodeStatus] {
        let first = try await nodes()
        let silent = Set(first.filter { $0.state == .alive && stated($0) > timing.silence }.map(\.node))
        if silent.isEmpty { return first.map { NodeStatus($0, age: stated($0), state: $0.state) } }
        try await clock.pause(until: clock.now() + timing.heartbeat * 1.25, for: "signs of life")
        return try await nodes().map { status in
            let isSilent = silent.contains(status.node) && status.state == .alive && status.age > .zero
            return NodeStatus(status, age: stated(status), state: isSilent ? .silent : status.state)
        }
    }

    /// Time since a node's last sign of life, by the clocks of two machines.
    private func stated(_ status: NodeStatus) -> Duration {
        guard let record = status.record else { return .zero }
        let now = clock.date().seconds
        return .seconds(abs(now.subtractingReportingOverflow((record.at ?? record.started).seconds).partialValue))
    }

    /// Removes a node that left; one that did not, once it was silent for long enough.
    /// - Parameter waiting: told for how long it is watched, before that begins.
    /// - Throws: `notFound`; `invalidArgument` when it gives a sign of life, or its record cannot be read.
    public func removeOnceSilent(
        _ node: NodeName, waiting: (Duration) -> Void = { _ in }
    ) async throws(StoreError) {
        guard let first = try await nodes().first(where: { $0.node == node.text }) else {
            throw StoreError(
                .notFound, "there is no node \"\(node)\"; \"blobtool cluster status\" shows those that are")
        }
        if first.state == .alive { waiting(timing.silence) }
        while let status = try await nodes().first(where: { $0.node == node.text }) {
            let isSame = status.record?.beats == first.record?.beats && status.record?.process == first.record?.process
            guard status.state == .alive, isSame else { return try await remove(node) }
            try await clock.pause(until: clock.now() + timing.heartbeat / 2, for: "a sign of life of node \"\(node)\"")
        }
    }
}

extension NodeStatus {
    fileprivate init(_ other: NodeStatus, age: Duration, state: State) {
        self.init(node: other.node, record: other.record, age: age, state: state)
    }
}
