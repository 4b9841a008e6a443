/// Removes what nodes leave behind in `cluster/`: kind `clean-up`, in one shard.
///
/// What goes has been of no use for ``ClusterTiming/retention``: jobs that ended, nodes that left or died, keys that
/// expired or were revoked. What a feed leaves behind is freed by ``CollectRunner``.
public struct CleanUpRunner: JobRunner {
    private let registry: NodeRegistry
    private let jobs: JobBoard
    private let keys: APIKeys

    /// Cleans up in the server root of that store.
    public init(
        _ store: PackageStore, timing: ClusterTiming = ClusterTiming(), clock: NodeClock = .ofMachine
    ) {
        self.init(store.server.storage, timing: timing, clock: clock)
    }

    package init(_ storage: any Storage, timing: ClusterTiming, clock: NodeClock) {
        registry = NodeRegistry(storage, timing: timing, clock: clock)
        jobs = JobBoard(storage, timing: timing, clock: clock)
        keys = APIKeys(storage, timing: timing, clock: clock)
    }

    public var kind: String { "clean-up" }

    public func shards(_ arguments: [String: String]) async throws(StoreError) -> [String] { ["cluster"] }

    /// - Returns: how many `jobs`, `nodes` and `keys` were removed.
    public func run(_ shard: JobShard) async throws(StoreError) -> [String: Int64] {
        let jobs = try await jobs.removeForgotten()
        try shard.check()
        let nodes = try await registry.removeForgotten()
        try shard.check()
        return ["jobs": jobs, "nodes": nodes, "keys": try await keys.removeForgotten()]
    }
}
