extension NodeRegistry {
    /// Waits until every living node has ended the work that it had begun before this call: from then on no node works
    /// with what it may have read of the catalog before.
    ///
    /// A node that was silent for long enough is not waited for: when it wakes, it finds out before it writes.
    /// - Parameters:
    ///   - limit: it waits so long at most.
    ///   - report: told, once each, of the nodes that are waited for.
    /// - Throws: `unavailable`, with the node, when one has not ended it in time, or does not tell, since it is of an
    ///   older version or its record cannot be read.
    /// - Cost: three heartbeats of time, and a listing and a request a node in each; nothing where no node is alive.
    public func awaitEndOfPresentWork(
        within limit: Duration, report: (String) -> Void = { _ in }
    ) async throws(StoreError) {
        let end = clock.now() + limit
        let first = try await nodes().filter(\.mayWork)
        var waiting = first.map(\.node)
        for node in waiting { report(node) }
        while !waiting.isEmpty {
            guard clock.now() < end else { throw Self.stillWorking(waiting, limit) }
            try await clock.pause(until: clock.now() + timing.heartbeat / 2, for: "the nodes")
            let now = try await nodes()
            waiting = first.filter { former in
                guard let node = now.first(where: { $0.node == former.node }) else { return false }
                return node.mayStillWork(since: former)
            }
            .map(\.node)
        }
    }

    private static func stillWorking(_ nodes: [String], _ limit: Duration) -> StoreError {
        let names = nodes.prefix(3).joined(separator: ", ") + (nodes.count > 3 ? " and others" : "")
        return StoreError(
            .unavailable,
            "the nodes \(names) did not say within \(limit.components.seconds) s that they have ended the work which they "
                + "had begun before; try again when their requests have ended, or stop them")
    }
}

extension NodeStatus {
    /// Whether the node may have work that runs.
    fileprivate var mayWork: Bool {
        switch state {
        case .alive, .unknown: true
        case .silent, .left: false
        }
    }

    /// Whether work may run that the node had begun when it was seen as `former`.
    fileprivate func mayStillWork(since former: NodeStatus) -> Bool {
        guard mayWork else { return false }
        guard let record, let before = former.record else { return true }
        // Another process, which began later.
        guard record.process == before.process else { return false }
        // One heartbeat more than was seen, since what is remembered of the catalog is younger than a heartbeat.
        guard let oldest = record.about.oldestWork else { return true }
        return oldest < before.beats + 2
    }
}
