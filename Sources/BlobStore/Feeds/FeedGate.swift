/// The gate of a feed, for whoever takes content away from the root that was opened.
///
/// Once the feed is in another root this one opens none: what is there then is not the feed's any more, or is so again
/// under a gate that begins anew.
struct FeedGate: ContentGate {
    private let feed: Feed
    private let root: String

    init(_ opened: OpenFeed) {
        feed = opened.feed
        root = opened.record.id
    }

    private var catalog: Catalog { feed.store.catalog }

    /// The gate as it is now.
    /// - Throws: `preconditionFailed` when the feed is in another root by now.
    func read() async throws(StoreError) -> CollectionGate {
        let gate = try await catalog.feed(feed.name).body.presentGate
        guard gate.root == root else {
            throw StoreError(.preconditionFailed, "the feed \"\(feed.name)\" was moved meanwhile; try again")
        }
        return gate
    }

    /// Swaps the gate from what was read.
    /// - Returns: the gate as it is then; nil when another was faster.
    func swap(_ held: CollectionGate, to state: CollectionGate.State) async throws(StoreError) -> CollectionGate? {
        try await catalog.swapGate(of: feed.name, held, to: state)
    }

    /// Swaps the gate to active, whatever it is.
    /// - Returns: the gate as it was, and as it is then.
    func takeOver() async throws(StoreError) -> (before: CollectionGate, held: CollectionGate) {
        for _ in 0..<64 {
            let before = try await read()
            if let held = try await swap(before, to: .active) { return (before, held) }
        }
        throw StoreError(
            .unavailable, "others kept taking content away from the feed \"\(feed.name)\"; try again", isRetryable: true
        )
    }

    /// For one blob. Whoever finds the gate active swaps it, too, so that its holder cannot make it idle meanwhile; and
    /// leaves it active for a collector to settle, since it does not know what else was begun.
    func open() async throws(StoreError) -> @Sendable () async throws(StoreError) -> Void {
        let (before, held) = try await takeOver()
        return { [self] () async throws(StoreError) in
            if before.state == .idle { _ = try await swap(held, to: .idle) }
        }
    }
}
