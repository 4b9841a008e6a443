internal import Synchronization

/// A node as another one sees it.
public struct NodeStatus: Sendable {
    /// Whether a node takes part.
    public enum State: Sendable, Equatable {
        case alive
        /// It gave no sign of life for ``ClusterTiming/silence``.
        case silent
        /// It left in an orderly way.
        case left
        /// Its record cannot be read, so nothing is known.
        case unknown(StoreError)
    }

    /// The node's name.
    public let node: String
    /// What it said last; nil where that cannot be read.
    public let record: NodeRecord?
    /// Time since its record last changed, by the clock of the one who looks, as far as that one has watched.
    public let age: Duration
    /// Whether it takes part.
    public let state: State
}

/// All nodes, as this one sees them.
///
/// A node's age is the time since this process first saw the present version of its record, by its own clock. So a node
/// that died before this process first looked counts as alive until it has been silent for long enough.
public final class NodeRegistry: Sendable {
    private struct Seen {
        let version: Record.Version
        let since: Duration
    }

    let storage: any Storage
    let timing: ClusterTiming
    let clock: NodeClock
    private let seen = Mutex<[Key: Seen]>([:])

    /// The registry in that server root's storage.
    public init(_ storage: any Storage, timing: ClusterTiming = ClusterTiming(), clock: NodeClock = .ofMachine) {
        self.storage = storage
        self.timing = timing
        self.clock = clock
    }

    /// The registry of that store.
    public convenience init(of store: PackageStore, timing: ClusterTiming = ClusterTiming()) {
        self.init(store.server.storage, timing: timing)
    }

    /// Looks at all nodes.
    /// - Returns: them in the order of their names.
    /// - Cost: one listing, and one request a node. Memory grows with the number of nodes.
    public func nodes() async throws(StoreError) -> [NodeStatus] {
        var keys: [Key] = []
        for try await page in storage.list(ListRequest(NodeRecord.folder)) {
            for case .key(let key, _) in page where key.isRecord { keys.append(key) }
        }
        let records = await storage.readRecords(keys)
        let now = clock.now()
        seen.withLock { seen in seen = seen.filter { keys.contains($0.key) } }
        return zip(keys, records).compactMap { key, result in status(key, read: result, at: now) }
    }

    private func status(_ key: Key, read result: Result<Record?, StoreError>, at now: Duration) -> NodeStatus? {
        let node = String(key.name.dropLast(".json".count))
        do throws(StoreError) {
            guard let record = try result.get() else { return nil }
            let age = age(of: key, record.version, now)
            let body = try Stored<NodeRecord>(record, at: key).body
            let isSilent = age >= NodeClock.patience(timing.silence)
            return NodeStatus(
                node: node, record: body, age: age, state: body.hasLeft ? .left : isSilent ? .silent : .alive)
        } catch {
            return NodeStatus(node: node, record: nil, age: .zero, state: .unknown(error))
        }
    }

    private func age(of key: Key, _ version: Record.Version, _ now: Duration) -> Duration {
        seen.withLock { seen in
            if let former = seen[key], former.version == version { return now - former.since }
            seen[key] = Seen(version: version, since: now)
            return .zero
        }
    }

    /// Removes a node that left or is silent. If it is alive after all, its next heartbeat enters it again.
    /// - Throws: `invalidArgument` where it takes part, or its state is unknown.
    public func remove(_ node: NodeName) async throws(StoreError) {
        let status = try await nodes().first { $0.node == node.text }
        switch status?.state {
        case nil: return
        case .left, .silent: try await storage.removeRecord(NodeRecord.key(node))
        case .alive, .unknown:
            throw StoreError(
                .invalidArgument,
                "the node \"\(node)\" gave a sign of life within the last \(timing.silence.components.seconds) s; stop it first"
            )
        }
    }

    /// Removes the records of nodes that gave no sign of life for ``ClusterTiming/retention``, by clocks of machines,
    /// and none while this watches them.
    /// - Returns: how many.
    /// - Cost: where there are none, what ``nodes()`` costs; else that twice, and the time of a silence.
    public func removeForgotten() async throws(StoreError) -> Int64 {
        let limit = clock.date().seconds - timing.retention.components.seconds
        let old = Set(
            try await nodes().filter { status in
                guard let record = status.record else { return false }
                return (record.at ?? record.started).seconds < limit
            }.map(\.node))
        if old.isEmpty { return 0 }
        try await clock.pause(until: clock.now() + NodeClock.patience(timing.silence), for: "signs of life")
        var count: Int64 = 0
        for status in try await nodes() where old.contains(status.node) {
            guard status.state == .left || status.state == .silent, let name = try? NodeName(status.node) else {
                continue
            }
            try await storage.removeRecord(NodeRecord.key(name))
            count += 1
        }
        return count
    }
}

/// Something that the live nodes of a store should agree on, and do not.
public struct Drift: Sendable, Equatable {
    /// What they differ in.
    public enum Aspect: String, Sendable, CaseIterable {
        case version, settings, secrets, roots
    }

    /// What they differ in.
    public let aspect: Aspect
    /// The nodes by what each of them has, e.g. by version.
    public let nodes: [String: [String]]

    /// Looks for differences between nodes that are alive.
    public static func among(_ nodes: [NodeStatus]) -> [Drift] {
        Aspect.allCases.compactMap { aspect in
            var values: [String: [String]] = [:]
            for status in nodes where status.state == .alive {
                guard let about = status.record?.about, let value = aspect.value(about) else { continue }
                values[value, default: []].append(status.node)
            }
            return values.count > 1 ? Drift(aspect: aspect, nodes: values) : nil
        }
    }
}

extension Drift.Aspect {
    fileprivate func value(_ about: NodeRecord.Description) -> String? {
        switch self {
        case .version: about.version
        case .settings: about.settings
        case .secrets: about.secrets?.fingerprint
        case .roots: about.roots.values.sorted().joined(separator: " ")
        }
    }
}
