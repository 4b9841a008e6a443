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
