import BlobHTTP
import Testing

@Suite("When and how often something is tried again")
struct RetryPolicyTests {
    @Test("pauses grow to a ceiling, and chance spreads them down to nothing")
    func pauses() {
        let policy = RetryPolicy()
        let full = (1...12).map { policy.pause(afterAttempts: $0, random: 1) }
        #expect(full[0] == .milliseconds(100) && full[1] == .milliseconds(200) && full[3] == .milliseconds(800))
        #expect(full.allSatisfy { $0 <= policy.longestPause } && full.last == policy.longestPause)
        #expect(policy.pause(afterAttempts: 12, random: 0) == .zero)
        #expect(policy.pause(afterAttempts: 1_000, random: 1) == policy.longestPause)
    }

    @Test("attempts end by number and by time")
    func bounds() {
        let budget = RetryBudget()
        var policy = RetryPolicy()
        var attempts = Attempts(policy, isServerKnown: true, now: .zero)
        var count = 0
        while attempts.pause(retryAfter: nil, budget: budget, now: .zero, random: 0) != nil { count += 1 }
        #expect(count == policy.maximumAttempts - 1)
        var first = Attempts(policy, isServerKnown: false, now: .zero)
        count = 0
        while first.pause(retryAfter: nil, budget: budget, now: .zero, random: 0) != nil { count += 1 }
        #expect(count == policy.maximumFirstAttempts - 1)
        var new = Attempts(policy, isServerKnown: false, now: .zero)
        #expect(new.pause(retryAfter: nil, budget: budget, now: .seconds(24), random: 0) != nil)
        #expect(new.pause(retryAfter: nil, budget: budget, now: .seconds(25), random: 0) == nil)
        policy.totalTime = .seconds(10)
        var timed = Attempts(policy, isServerKnown: true, now: .seconds(5))
        #expect(timed.pause(retryAfter: .seconds(9), budget: budget, now: .seconds(5), random: 0) == .seconds(9))
        #expect(timed.pause(retryAfter: nil, budget: budget, now: .seconds(15), random: 0) == nil)
        var patient = Attempts(RetryPolicy(), isServerKnown: true, now: .zero)
        #expect(patient.pause(retryAfter: .seconds(3_600), budget: budget, now: .zero, random: 0) == nil)
    }

    @Test("the process's budget runs out, and time and successes fill it again")
    func budget() {
        let budget = RetryBudget(capacity: 3, perSecond: 1)
        #expect((0..<5).map { _ in budget.take(now: .zero) } == [true, true, true, false, false])
        #expect(
            [budget.take(now: .seconds(2)), budget.take(now: .seconds(2)), budget.take(now: .seconds(2))]
                == [true, true, false])
        for _ in 0..<11 { budget.refund() }
        #expect([budget.take(now: .seconds(2)), budget.take(now: .seconds(2))] == [true, false])
    }
}
