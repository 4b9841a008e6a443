package import Logging
package import ObjectStorage
internal import Synchronization

/// Says whether and when something is tried again, for all that is asked of one server.
package final class Retrier: Sendable {
    package let pacing: Pacing
    private let policy: RetryPolicy
    private let budget: RetryBudget
    private let logger: Logger
    private let isServerKnown = Atomic(false)

    package init(policy: RetryPolicy, budget: RetryBudget, pacing: Pacing, logger: Logger) {
        self.policy = policy
        self.budget = budget
        self.pacing = pacing
        self.logger = logger
    }

    /// The attempts of something that begins now.
    package func attempts() -> Attempts {
        Attempts(policy, isServerKnown: isServerKnown.load(ordering: .relaxed), now: pacing.now())
    }

    /// The server has answered, whatever it said.
    package func noteAnswer() { isServerKnown.store(true, ordering: .relaxed) }

    /// A request succeeded.
    package func noteSuccess() { budget.refund() }

    /// Waits before another attempt. Whatever is tried again passes here: each time is told at `-v`, and taken from the
    /// budget of the process.
    /// - Parameters:
    ///   - attempts: nil before the first pause of what is tried.
    ///   - title: of what is tried.
    /// - Throws: `error` where there is to be no other attempt; `cancelled`.
    package func pause(
        _ attempts: inout Attempts?, after error: StoreError, _ title: String, retryAfter: Duration? = nil
    ) async throws(StoreError) {
        var counted = attempts ?? self.attempts()
        let pause = counted.pause(
            retryAfter: retryAfter, budget: budget, now: pacing.now(), random: pacing.random())
        attempts = counted
        guard let pause else { throw error }
        logger.info(
            "attempt \(counted.count) of \(title) failed: \(error.message)", metadata: ["pause": "\(pause)"])
        do { try await pacing.sleep(pause) } catch {
            throw StoreError(.cancelled, "cancelled while waiting to send a request again")
        }
    }

    /// The same without a pause, where what was refused has been put right.
    package func mayGoOn(after error: StoreError, _ title: String) -> Bool {
        guard budget.take(now: pacing.now()) else { return false }
        logger.info("\(title) is signed again: \(error.message)")
        return true
    }
}

// MARK: - How often

/// How often and how soon a request is sent again.
///
/// - Source: exponential backoff with full jitter: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
package struct RetryPolicy: Sendable {
    /// The first one included. Together with the pauses this outlasts a server's restart.
    package var maximumAttempts = 14
    package var firstPause = Duration.milliseconds(100)
    package var longestPause = Duration.seconds(8)
    /// From the first attempt on, after which none begins.
    package var totalTime = Duration.seconds(90)
    /// While a server has never answered: it may be the wrong address, and somebody may be waiting at a terminal.
    package var maximumFirstAttempts = 4
    /// The same for the time: an attempt that takes all of its own is over soon after.
    package var totalFirstTime = Duration.seconds(25)
    /// A server that asks for a longer pause than this is not waited for.
    package var longestRetryAfter = Duration.seconds(60)

    package init() {}

    /// The pause after so many failed attempts (from 1 on), by chance between nothing and a growing ceiling.
    package func pause(afterAttempts attempts: Int, random: Double) -> Duration {
        let doubled = firstPause * (1 << min(max(attempts - 1, 0), 20))
        return min(doubled, longestPause) * random
    }
}

/// One request's attempts: decides about the next one.
package struct Attempts: Sendable {
    private let policy: RetryPolicy
    private let began: Duration
    private let isServerKnown: Bool
    package private(set) var count = 0

    /// - Parameters:
    ///   - isServerKnown: whether the server has answered to anything before.
    ///   - now: a clock that only grows.
    package init(_ policy: RetryPolicy, isServerKnown: Bool, now: Duration) {
        self.policy = policy
        self.isServerKnown = isServerKnown
        began = now
    }

    /// Counts a failed attempt that another one may help.
    /// - Parameters:
    ///   - retryAfter: what the server asked for.
    ///   - random: from 0 to 1.
    /// - Returns: how long to wait before the next; nil to give up.
    package mutating func pause(
        retryAfter: Duration?, budget: RetryBudget, now: Duration, random: Double
    ) -> Duration? {
        count += 1
        guard count < (isServerKnown ? policy.maximumAttempts : policy.maximumFirstAttempts) else { return nil }
        let pause = max(policy.pause(afterAttempts: count, random: random), retryAfter ?? .zero)
        let totalTime = isServerKnown ? policy.totalTime : min(policy.totalTime, policy.totalFirstTime)
        guard retryAfter ?? .zero <= policy.longestRetryAfter, now + pause - began < totalTime else { return nil }
        return budget.take(now: now) ? pause : nil
    }
}

// MARK: - How much in all

/// How many more attempts everything in this process together may make, so that a server in trouble is not buried in
/// them.
///
/// It holds so many tokens; an attempt after the first takes one, a success gives a part of one back, and time gives
/// some, too.
package final class RetryBudget: Sendable {
    private struct State {
        var tokens: Double
        var filledAt: Duration?
    }

    /// The process's own.
    package static let shared = RetryBudget()

    private let capacity: Double
    private let perSecond: Double
    private let state: Mutex<State>

    package init(capacity: Double = 500, perSecond: Double = 10) {
        self.capacity = capacity
        self.perSecond = perSecond
        state = Mutex(State(tokens: capacity))
    }

    /// - Returns: whether there was a token left.
    package func take(now: Duration) -> Bool {
        state.withLock { state in
            if let filledAt = state.filledAt, now > filledAt {
                state.tokens = min(capacity, state.tokens + (now - filledAt) / .seconds(1) * perSecond)
            }
            state.filledAt = max(now, state.filledAt ?? now)
            guard state.tokens >= 1 else { return false }
            state.tokens -= 1
            return true
        }
    }

    /// A request succeeded.
    package func refund() {
        state.withLock { $0.tokens = min(capacity, $0.tokens + 0.1) }
    }
}
