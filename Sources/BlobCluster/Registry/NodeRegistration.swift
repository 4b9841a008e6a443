internal import Synchronization

/// A node's own entry in the registry, for as long as its process runs.
///
/// *Guarantees*: of two processes with one name at most one is registered. A newcomer is refused while the other gives
/// signs of life; a process that was taken for dead learns it with its next heartbeat, and never writes over the other.
public final class NodeRegistration: Sendable {
    /// The node's name.
    public let node: NodeName
    /// Names this process among all that ever had the name.
    public let process: String
    private let storage: any Storage
    private let clock: NodeClock
    private let state: Mutex<Stored<NodeRecord>>

    private init(_ node: NodeName, storage: any Storage, clock: NodeClock, stored: Stored<NodeRecord>) {
        self.node = node
        process = stored.body.process
        self.storage = storage
        self.clock = clock
        state = Mutex(stored)
    }

    /// Registers a process under a node's name.
    ///
    /// Where the last process of that name neither left nor gives signs of life, this waits until it has been silent
    /// for long enough.
    /// - Throws: `alreadyExists` when another process with that name is alive.
    /// - Cost: two requests; after a crash one more each heartbeat, until the silence is over.
    public static func register(
        _ node: NodeName, _ about: NodeRecord.Description, in storage: any Storage,
        timing: ClusterTiming = ClusterTiming(), clock: NodeClock = .ofMachine
    ) async throws(StoreError) -> NodeRegistration {
        let record = NodeRecord(
            node: node.text, process: uniqueName(), about: about, started: clock.date(),
            at: clock.date(),
            beats: 0, hasLeft: false)
        let key = NodeRecord.key(node)
        while true {
            let former: Stored<NodeRecord>? = try await storage.document(key)
            if let former, !former.body.hasLeft {
                try await awaitSilence(of: former, at: key, in: storage, timing, clock)
            }
            do throws(StoreError) {
                let stored =
                    if let former { try await storage.replace(key, former, with: record) } else {
                        try await storage.create(key, record)
                    }
                return NodeRegistration(node, storage: storage, clock: clock, stored: stored)
            } catch  where error.code == .preconditionFailed {}  // Look again at who was faster.
        }
    }

    private static func awaitSilence(
        of former: Stored<NodeRecord>, at key: Key, in storage: any Storage, _ timing: ClusterTiming,
        _ clock: NodeClock
    ) async throws(StoreError) {
        let end = clock.now() + NodeClock.patience(timing.silence)
        while clock.now() < end {
            let next = min(end, clock.now() + timing.heartbeat)
            try await clock.pause(until: next, for: "the node \"\(former.body.node)\"")
            let found: Stored<NodeRecord>? = try await storage.document(key)
            guard let found, found.version != former.version else { continue }
            if found.body.hasLeft { return }
            throw other(former.body.node)
        }
    }

    private static func other(_ node: String) -> StoreError {
        StoreError(
            .alreadyExists, "another process is running as node \"\(node)\"; give each node a name of its own")
    }

    /// Gives a sign of life.
    /// - Parameter about: what has changed since the last one.
    /// - Throws: `alreadyExists` when another process is registered under this name by now: then this one stops.
    /// - Returns: how many this process has given.
    /// - Cost: one request.
    @discardableResult
    public func beat(_ about: NodeRecord.Description) async throws(StoreError) -> Int64 {
        try await write { record in
            record.about = about
            record.beats &+= 1
            record.hasLeft = false
        }
        return state.withLock(\.body.beats)
    }

    /// Leaves the registry; the record stays for a while, for people to look at.
    /// - Throws: `alreadyExists` when another process is registered under this name by now.
    public func leave() async throws(StoreError) {
        try await write { $0.hasLeft = true }
    }

    private func write(_ change: (inout NodeRecord) -> Void) async throws(StoreError) {
        let key = NodeRecord.key(node)
        var stored: Stored<NodeRecord>? = state.withLock { $0 }
        for _ in 0..<8 {
            var next = (stored ?? state.withLock { $0 }).body
            change(&next)
            next.at = clock.date()
            do throws(StoreError) {
                let written =
                    if let stored { try await storage.replace(key, stored, with: next) } else {
                        try await storage.create(key, next)
                    }
                return state.withLock { $0 = written }
            } catch  where error.code == .preconditionFailed {
                // A write of its own whose answer was lost, another process, or it was removed as dead.
                stored = try await storage.document(key)
                if let stored, stored.body.process != process { throw Self.other(node.text) }
            }
        }
        throw StoreError(.unavailable, "others kept changing the record of node \"\(node)\"; try again")
    }
}
