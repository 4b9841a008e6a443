internal import FoundationEssentials
internal import Synchronization

/// A time-limited claim of one process, agreed on by compare-and-swap on the server root.
///
/// A lease avoids double work. It does not make anything safe that is not safe without it: a holder may be paused,
/// and find out late that another took over.
///
/// No clock is compared between machines. A holder believes in its claim until the time *before it sent* its last
/// successful renewal, plus the lease's length. Another takes over only after it has seen no change for that length,
/// counted from *the reply* that first showed it this version, on its own clock, which counts suspension.
package final class Lease: Sendable {
    package let name: String
    /// Ever-growing with each taking: the fencing number.
    package let term: Int64
    private let storage: any Storage
    private let length: Duration
    private let state: Mutex<State>

    private struct State: Sendable {
        var stored: Stored<LeaseRecord>
        var deadline: ContinuousClock.Instant
    }

    private init(
        _ storage: any Storage, _ stored: Stored<LeaseRecord>, _ length: Duration, sent: ContinuousClock.Instant
    ) {
        name = stored.body.name
        term = stored.body.term
        self.storage = storage
        self.length = length
        state = Mutex(State(stored: stored, deadline: sent + length))
    }

    /// This process, as it signs leases.
    private static let process = UUID().uuidString.lowercased()

    /// Takes a lease that is free, or whose holder gives no sign of life for its length.
    /// - Parameter waiting: told, before it waits for that, whose sign of life it waits for and how long.
    /// - Throws: `unavailable`, naming the holder, when it is held.
    package static func take(
        _ name: String, of storage: any Storage, node: NodeName, length: Duration,
        waiting: (_ node: String, _ seconds: Int64) -> Void = { _, _ in }
    ) async throws(StoreError) -> Lease {
        let key = LeaseRecord.key(name)
        let holder = LeaseRecord.Holder(node: node.text, process: process)
        while true {
            let found: Stored<LeaseRecord>? = try await storage.document(key)
            // Also where this process holds it: two tasks of one process are two at the same work.
            if let found, let other = found.body.holder {
                waiting(other.node, found.body.seconds)
                try await watch(found, other, key, storage)
            }
            var next =
                found?.body
                ?? LeaseRecord(
                    name: name, holder: nil, term: 0, renewals: 0, seconds: 0, since: .now)
            next.holder = holder
            next.term += 1
            next.renewals = 0
            next.seconds = length.components.seconds
            next.since = .now
            let sent = ContinuousClock.now
            do throws(StoreError) {
                let stored =
                    if let found { try await storage.replace(key, found, with: next) } else {
                        try await storage.create(key, next)
                    }
                return Lease(storage, stored, length, sent: sent)
            } catch  where error.code == .preconditionFailed {}  // Another was faster: look again.
        }
    }

    /// Waits until a lease has not changed for its length, and for 2 % more, by which clocks of two machines may come
    /// apart in that time.
    /// - Throws: `unavailable` as soon as it shows a sign of life.
    private static func watch(
        _ first: Stored<LeaseRecord>, _ holder: LeaseRecord.Holder, _ key: Key, _ storage: any Storage
    ) async throws(StoreError) {
        let end = ContinuousClock.now + .seconds(first.body.seconds) + .milliseconds(first.body.seconds * 20)
        while ContinuousClock.now < end {
            do { try await Task.sleep(for: .milliseconds(250)) } catch {
                throw StoreError(.cancelled, "cancelled while waiting for the lease \"\(first.body.name)\"")
            }
            let now: Stored<LeaseRecord>? = try await storage.document(key)
            guard let now, now.version != first.version else { continue }
            if now.body.holder == nil { return }
            throw StoreError(
                .unavailable,
                "the node \"\(now.body.holder?.node ?? holder.node)\" is at this work "
                    + "(\(first.body.name), term \(now.body.term)): let it finish, or stop it first")
        }
    }

    /// Whether the claim still holds, as far as this process can know without asking.
    package var isHeld: Bool { state.withLock { ContinuousClock.now < $0.deadline } }

    /// - Throws: `unavailable` when the claim has run out.
    package func check() throws(StoreError) {
        if !isHeld {
            throw StoreError(
                .unavailable, "the lease \"\(name)\" ran out, and another may be at this work: start again")
        }
    }

    /// Gives a sign of life.
    /// - Throws: `unavailable` when another has taken over.
    package func renew() async throws(StoreError) {
        let stored = state.withLock { $0.stored }
        var next = stored.body
        next.renewals += 1
        let sent = ContinuousClock.now
        do throws(StoreError) {
            let renewed = try await storage.replace(LeaseRecord.key(name), stored, with: next)
            state.withLock { $0 = State(stored: renewed, deadline: sent + length) }
        } catch  where error.code == .preconditionFailed {
            throw StoreError(.unavailable, "the lease \"\(name)\" was taken over by another: start again")
        }
    }

    /// Runs work while renewing the lease at a third of its length, and gives the lease back after it.
    ///
    /// The work is cancelled when the lease is lost.
    package func hold<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withTaskGroup(of: Result<Value?, StoreError>.self) { group in
            group.addTask { await Self.caught { () async throws(StoreError) in try await work() } }
            group.addTask { await Self.caught { () async throws(StoreError) in try await self.renewUntilCancelled() } }
            var outcomes: [Result<Value?, StoreError>] = []
            for await outcome in group {
                outcomes.append(outcome)
                group.cancelAll()
            }
            return Self.outcome(of: outcomes)
        }
        // Where that fails the lease runs out by itself; what the work returned matters more.
        try? await giveBack()
        return try result.get()
    }

    /// What the work came to, also where the lease was lost or the caller gave up while it ended; else why it ended.
    private static func outcome<Value: Sendable>(of ends: [Result<Value?, StoreError>]) -> Result<Value, StoreError> {
        var failure: StoreError?
        for end in ends {
            switch end {
            case .success(let value?): return .success(value)
            case .success(nil): break
            case .failure(let error): failure = failure ?? error
            }
        }
        return .failure(failure ?? StoreError(.cancelled, "cancelled"))
    }

    private static func caught<Value: Sendable>(
        _ work: () async throws(StoreError) -> Value?
    ) async -> Result<Value?, StoreError> {
        do throws(StoreError) { return .success(try await work()) } catch { return .failure(error) }
    }

    private func renewUntilCancelled<Value: Sendable>() async throws(StoreError) -> Value? {
        while true {
            do { try await Task.sleep(for: length / 3) } catch { return nil }
            do throws(StoreError) { try await renew() } catch {
                // A storage that does not answer for a while is no reason to stop while the claim holds.
                if !error.isRetryable || !isHeld { throw error }
            }
        }
    }

    /// Lets others have it at once. The record stays, so that its term only grows.
    private func giveBack() async throws(StoreError) {
        let stored = state.withLock { $0.stored }
        var next = stored.body
        next.holder = nil
        do throws(StoreError) {
            let given = try await storage.replace(LeaseRecord.key(name), stored, with: next)
            state.withLock { $0 = State(stored: given, deadline: .now) }
        } catch  where error.code == .preconditionFailed {}  // Another has it already.
    }
}
