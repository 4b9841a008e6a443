extension Lease {
    /// How often an operation looks at a lease that another holds.
    private static let look = Duration.seconds(1)

    /// How long a node's lease holds without a renewal; it is renewed at a third of that.
    public static let nodeLength = Duration.seconds(9)

    /// How often a candidate looks at a lease that it waits for, up to a quarter more or less.
    public static let nodeLook = Duration.seconds(2)

    /// The name, where a lease can have it: the rule is that of a ``FeedName``.
    /// - Throws: `invalidArgument`.
    static func validName(_ text: String) throws(StoreError) -> String { try BlobStore.validName(text, of: "lease") }

    /// Claims a lease that nobody holds.
    /// - Returns: nil when it is held; by a dead process too, since one look cannot tell.
    /// - Throws: `invalidArgument` for a name that no lease can have.
    /// - Cost: two requests.
    public static func claim(
        _ name: String, of storage: any Storage, node: NodeName, length: Duration = nodeLength,
        clock: NodeClock = .ofMachine
    ) async throws(StoreError) -> Lease? {
        var watch = try LeaseWatch(name, of: storage, clock: clock)
        guard try await watch.look().isFree else { return nil }
        return try await claim(name, over: watch.seen, of: storage, node: node, length: length, clock)
    }

    /// Waits for a lease for as long as it takes: until it is given back, or its holder was silent for its length.
    ///
    /// A storage that does not answer for a while ends the wait as little as a race that was lost.
    /// - Parameter watching: told what each look showed.
    /// - Throws: `cancelled`; what trying again cannot help, such as `corrupt`.
    /// - Cost: one request a look, and one for each attempt to claim it.
    public static func wait(
        for name: String, of storage: any Storage, node: NodeName, length: Duration = nodeLength,
        look: Duration = nodeLook, clock: NodeClock = .ofMachine,
        watching: (LeaseWatch.View) -> Void = { _ in }
    ) async throws(StoreError) -> Lease {
        var watch = try LeaseWatch(name, of: storage, clock: clock)
        while true {
            do throws(StoreError) {
                let view = try await watch.look()
                watching(view)
                if view.isFree,
                    let lease = try await claim(name, over: watch.seen, of: storage, node: node, length: length, clock)
                {
                    return lease
                }
            } catch {
                // After an unknown outcome the next look shows whose it is. If it is this process's own, the claim runs
                // out unused, as that of any other does.
                if !error.isRetryable && error.code != .outcomeUnknown { throw error }
            }
            try await clock.pause(about: look, for: "the lease \"\(name)\"")
        }
    }

    /// Takes a lease that is free, or whose holder gives no sign of life for its length.
    /// - Parameters:
    ///   - length: a day at most; it counts in milliseconds.
    ///   - waiting: told, before it waits for that, whose sign of life it waits for and how long.
    /// - Throws: `unavailable`, naming the holder, when it is held.
    /// - Cost: two requests; where it is held, one more a second.
    package static func take(
        _ name: String, of storage: any Storage, node: NodeName, length: Duration, clock: NodeClock = .ofMachine,
        waiting: (_ node: String, _ seconds: Int64) -> Void = { _, _ in }
    ) async throws(StoreError) -> Lease {
        while true {
            var watch = LeaseWatch(trusted: name, of: storage, clock)
            var view = try await watch.look()
            // Also where this process holds it: two tasks of one process are two at the same work.
            if let first = watch.seen, let holder = first.body.holder {
                waiting(holder.node, (first.body.length + .milliseconds(999)).components.seconds)
                while !view.isFree {
                    let next = min(clock.now() + look, watch.expiry)
                    try await clock.pause(until: next, for: "the lease \"\(name)\"")
                    view = try await watch.look()
                    if let node = view.node, watch.seen?.version != first.version {
                        throw StoreError(
                            .unavailable,
                            "the node \"\(node)\" is doing this work (\(name), term \(view.term)); "
                                + "let it finish, or stop it first")
                    }
                }
            }
            // Another may be faster: then look again.
            if let lease = try await claim(name, over: watch.seen, of: storage, node: node, length: length, clock) {
                return lease
            }
        }
    }
}
