internal import BlobCluster
internal import ServiceLifecycle

// What a node consists of. Services are stopped in reverse order, each when the one after it has ended: the drain, the
// HTTP server, the cluster.

/// Takes part in the cluster; on stopping it hands jobs and the lease back, and leaves the registry.
struct ClusterService: Service {
    let cluster: ClusterNode

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await cluster.run() }
    }
}

/// Holds the stop back for a while in which the node says that it is not ready, and still serves, so that balancers
/// stop sending before connections are refused.
struct DrainService: Service {
    let readiness: Readiness
    let marks: AnswerMarks
    let duration: Duration

    func run() async throws {
        try? await gracefulShutdown()
        readiness.drain()
        marks.isClosing = true
        try? await Task.sleep(for: duration)
    }
}
