internal import BlobCluster
internal import HTTPTypes

// What goes on in the cluster: for Prometheus, for people, and for programs.
extension Routes {
    func prometheus(_ exchange: inout Exchange) async throws {
        try expectReading(exchange)
        try await exchange.identify(access)
        try await access.expectOperator(exchange.caller)
        let standing = cluster.standing
        let text = """
            \(metrics.text)# TYPE blobstore_uploads_running gauge
            blobstore_uploads_running \(uploads.count)
            # TYPE blobstore_node_planner gauge
            blobstore_node_planner \(standing.isPlanner ? 1 : 0)
            # TYPE blobstore_node_heartbeat_age_seconds gauge
            blobstore_node_heartbeat_age_seconds \(standing.heartbeatAge.components.seconds)
            # TYPE blobstore_node_ready gauge
            blobstore_node_ready \(await readiness.reason() == nil ? 1 : 0)
            \(settings.metrics?.text ?? "")
            """
        try await exchange.answer(Answer(.ok, type: "text/plain; version=0.0.4; charset=utf-8", text))
    }

    /// `GET /cluster.json`, and `GET /cluster` for people.
    /// - Cost: three listings, and a request a node, a job and a feed.
    func clusterPage(_ exchange: inout Exchange, isJSON: Bool) async throws {
        try expectReading(exchange)
        try await exchange.identify(access)
        try await access.expectOperator(exchange.caller)
        let overview = try await ClusterOverview(store, cluster, timing: settings.timing)
        if isJSON { return try await exchange.answer(.json(overview)) }
        try await exchange.answer(Page(title: "Cluster", body: overview.html).answer)
    }

    /// `POST /cluster/nodes/{name}/remove`
    func removeNode(_ exchange: inout Exchange) async throws {
        guard exchange.method == .post else { throw Self.notAllowed("POST") }
        try await exchange.identify(access)
        try await access.expectOperator(exchange.caller, changes: true)
        let name = try NodeName(exchange.target.segments[2])
        do throws(StoreError) { try await cluster.registry.remove(name) } catch  where error.code == .invalidArgument {
            throw Problem(.conflict, code: error.code.rawValue, error.message)
        }
        try await exchange.answer(Answer(.noContent))
    }
}
