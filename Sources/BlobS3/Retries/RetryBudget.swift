internal import Synchronization

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
