internal import Synchronization

/// A time-limited claim of one process, agreed on by compare-and-swap on the server root.
///
/// A lease avoids double work. It does not make anything safe that is not safe without it: a holder may be paused,
/// and find out late that another took over.
///
/// No clock is compared between machines. A holder believes in its claim until the time *before it sent* its last
/// successful renewal, plus the lease's length. Another takes over only after it has seen no change for that length,
/// counted from *the reply* that first showed it this version, on its own clock, which counts suspension.
public final class Lease: Sendable {
    /// The lease's name.
    public let name: String
    /// Ever-growing with each taking: the fencing number, which what is written under the lease carries.
    public let term: Int64
    private let storage: any Storage
    private let length: Duration
    package let clock: NodeClock
    private let state: Mutex<State>

    private struct State: Sendable {
        var stored: Stored<LeaseRecord>
        var deadline: Duration
    }

    private init(
        _ storage: any Storage, stored: Stored<LeaseRecord>, length: Duration, clock: NodeClock, sent: Duration
    ) {
        name = stored.body.name
        term = stored.body.term
        self.storage = storage
        self.length = length
        self.clock = clock
        state = Mutex(State(stored: stored, deadline: sent + length))
    }

    /// This process, as it signs what it claims.
    package static let process = uniqueName()

    /// Claims the lease over what a watch saw.
    /// - Returns: nil when another was faster.
    static func claim(
        _ name: String, over found: Stored<LeaseRecord>?, of storage: any Storage, node: NodeName, length: Duration,
        _ clock: NodeClock
    ) async throws(StoreError) -> Lease? {
        let key = LeaseRecord.key(name)
        var next = found?.body ?? LeaseRecord(name: name)
        guard next.term < .max else {
            throw StoreError(.corrupt, "the lease \"\(name)\" has a term that cannot grow; remove \(key) by hand")
        }
        next.holder = LeaseRecord.Holder(node: node.text, process: process)
        next.term += 1
        next.renewals = 0
        next.length = length
        next.since = clock.date()
        let sent = clock.now()
        do throws(StoreError) {
            let stored =
                if let found { try await storage.replace(key, found, with: next) } else {
                    try await storage.create(key, next)
                }
            return Lease(storage, stored: stored, length: next.length, clock: clock, sent: sent)
        } catch  where error.code == .preconditionFailed { return nil }
    }

    /// Whether the claim still holds, as far as this process can know without asking.
    public var isHeld: Bool { isStanding }

    package var deadline: Duration { state.withLock(\.deadline) }

    /// Looks, before an act under the lease, whether the claim still holds.
    /// - Throws: `unavailable` when it has run out.
    public func check() throws(StoreError) {
        if !isHeld { throw expiry }
    }

    package var expiry: StoreError {
        StoreError(
            .unavailable, "the lease \"\(name)\" ran out, and another process may be doing this work; start again")
    }

    /// Gives a sign of life.
    /// - Throws: `unavailable` when another has taken over.
    public func renew() async throws(StoreError) {
        let isRenewed = try await write { record, _ in record.renewals &+= 1 }
        if !isRenewed {
            throw StoreError(.unavailable, "the lease \"\(name)\" was taken over by another process; start again")
        }
    }

    /// Changes the record while it says that this claim holds it: also where a write of its own, whose answer never
    /// came, has changed it since.
    /// - Returns: false when it is another's.
    private func write(_ change: (inout LeaseRecord, _ deadline: inout Duration) -> Void) async throws(StoreError)
        -> Bool
    {
        let key = LeaseRecord.key(name)
        var stored = state.withLock { $0.stored }
        let mine = stored.body.holder
        for _ in 0..<8 {
            var next = stored.body
            let sent = clock.now()
            var deadline = sent + length
            change(&next, &deadline)
            do throws(StoreError) {
                let written = try await storage.replace(key, stored, with: next)
                state.withLock { $0 = State(stored: written, deadline: deadline) }
                return true
            } catch  where error.code == .preconditionFailed {
                let found: Stored<LeaseRecord>? = try await storage.document(key)
                guard let found, found.body.term == term, found.body.holder == mine, mine != nil else { return false }
                stored = found
            }
        }
        return false
    }

    /// Gives the lease back, so that others have it at once. The record stays, so that its term only grows.
    public func release() async throws(StoreError) {
        let clock = clock
        _ = try await write { record, deadline in
            record.holder = nil
            deadline = clock.now()
        }
    }
}

extension Lease: TimedClaim {
    package var renewalPause: Duration { length / 3 }

    /// Runs work while renewing the lease at a third of its length, and gives the lease back after it, also where the
    /// caller gave up.
    ///
    /// The work is cancelled when the lease is lost, and at the lease's own deadline, whatever a renewal does that gets
    /// no answer. Work that does not hear of its cancellation is waited for: before each act that others would notice,
    /// it calls ``check()``.
    public func hold<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result = await keep(while: work)
        // Where that fails the lease runs out by itself; what the work returned matters more.
        try? await uncancelled { () async throws(StoreError) in try await self.release() }
        return try result.get()
    }
}
