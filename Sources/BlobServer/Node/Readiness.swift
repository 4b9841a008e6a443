internal import BlobCluster
internal import Synchronization

/// Whether the node should get requests.
final class Readiness: Sendable {
    private static let pause = Duration.seconds(2)
    private static let beatSlack = Duration.seconds(5)

    private struct State: Sendable {
        var isListening = false
        var isDraining = false
        var health: RootHealth?
        var lookedAt: ContinuousClock.Instant?
    }

    private let store: PackageStore
    private let cluster: ClusterNode
    private let timing: ClusterTiming
    private let state = Mutex(State())
    private let looks = AsyncSemaphore(places: 1)

    init(_ store: PackageStore, _ cluster: ClusterNode, timing: ClusterTiming) {
        self.store = store
        self.cluster = cluster
        self.timing = timing
    }

    func listen() { state.withLock { $0.isListening = true } }
    func drain() { state.withLock { $0.isDraining = true } }

    /// Why the node should get no requests now; nil where it should.
    /// - Cost: one request to the storage every two seconds while the heartbeat fails; else none.
    func reason() async -> String? {
        let (isListening, isDraining) = state.withLock { ($0.isListening, $0.isDraining) }
        if isDraining { return "draining" }
        if !isListening { return "starting" }
        switch await health() {
        case .good: return nil
        case .unreachable: return "the server root does not answer"
        case .wrong: return "the place of the server root holds another root, or none"
        }
    }

    /// Whether the server root can be used; a heartbeat that was stored not long ago says that it can.
    func health() async -> RootHealth {
        if isKnown, cluster.standing.heartbeatAge < timing.heartbeat + Self.beatSlack { return .good }
        do throws(StoreError) {
            return try await looks.pass { () async throws(StoreError) in
                if let health = recent { return health }
                let health = await RootHealth.ofServer(store)
                state.withLock { state in
                    state.health = health
                    state.lookedAt = .now
                }
                return health
            }
        } catch { return .unreachable(error) }
    }

    /// Whether the root was looked at, and was good: before that a heartbeat says nothing.
    private var isKnown: Bool { state.withLock { $0.health == .good } }

    private var recent: RootHealth? {
        state.withLock { state in
            state.lookedAt.flatMap { .now - $0 < Self.pause ? state.health : nil }
        }
    }
}
