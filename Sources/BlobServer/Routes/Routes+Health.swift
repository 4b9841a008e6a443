internal import BlobCluster
internal import HTTPTypes

// Health, for balancers and for people.
extension Routes {
    func health(_ exchange: inout Exchange) async throws {
        try expectReading(exchange)
        switch exchange.target.segments.dropFirst().first {
        case nil: try await exchange.answer(detailedHealth(&exchange))
        case "live": try await exchange.answer(Self.plain(.ok, "live"))
        case "ready":
            let reason = await readiness.reason()
            try await exchange.answer(Self.plain(reason == nil ? .ok : .serviceUnavailable, reason ?? "ready"))
        case .some: throw Problem(.notFound, "there is nothing at this path")
        }
    }

    private static func plain(_ status: HTTPResponse.Status, _ text: String) -> Answer {
        Answer(status, type: "text/plain; charset=utf-8", text + "\n", fields: [.cacheControl: "no-store"])
    }

    private struct Health: Encodable {
        struct Root: Encodable {
            let url: String
            let id: String
            let state: String
        }
        struct Lease: Encodable {
            let planner: String?
            let term: Int64
            let isHeldHere: Bool
        }

        let node: String
        let version: String
        let isReady: Bool
        let reason: String?
        let roots: [Root]
        let heartbeatAgeSeconds: Int64
        let lease: Lease
        let drift: [String: [String: [String]]]
    }

    private func detailedHealth(_ exchange: inout Exchange) async throws -> Answer {
        try await exchange.identify(access)
        try await access.expectOperator(exchange.caller)
        let reason = await readiness.reason()
        let root = await readiness.health()
        let standing = cluster.standing
        let nodes = root == .good ? try await cluster.registry.nodes() : []
        let drift = Drift.among(nodes).map { ($0.aspect.rawValue, $0.nodes) }
        let health = Health(
            node: store.node.text, version: settings.version, isReady: reason == nil, reason: reason,
            roots: [Health.Root(url: store.url.description, id: store.rootID, state: Self.word(root))],
            heartbeatAgeSeconds: standing.heartbeatAge.components.seconds,
            lease: Health.Lease(planner: standing.planner, term: standing.term, isHeldHere: standing.isPlanner),
            drift: Dictionary(drift, uniquingKeysWith: { first, _ in first }))
        return .json(health, reason == nil ? .ok : .serviceUnavailable)
    }

    private static func word(_ health: RootHealth) -> String {
        switch health {
        case .good: "good"
        case .unreachable(let error): "unreachable: \(error.message)"
        case .wrong(let error): "wrong: \(error.message)"
        }
    }
}
