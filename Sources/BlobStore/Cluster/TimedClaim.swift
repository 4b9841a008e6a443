/// A claim that holds until a time of this machine's own clock, and for longer each time that it is renewed.
package protocol TimedClaim: Sendable {
    /// The clock that tells it.
    var clock: NodeClock { get }
    /// Until then it holds: the time before the last successful renewal was sent, plus the claim's length.
    var deadline: Duration { get }
    /// How long to wait from one renewal to the next.
    var renewalPause: Duration { get }
    /// What is thrown once it has run out.
    var expiry: StoreError { get }

    /// Gives a sign of life.
    /// - Throws: what cannot be retried where another has taken over.
    func renew() async throws(StoreError)
}

extension TimedClaim {
    package var isStanding: Bool { clock.now() < deadline }

    /// Runs work while the claim is renewed. The work is cancelled when the claim is lost, and at its deadline.
    /// - Returns: what the work came to, also where the claim was lost or the caller gave up while it ended; else why
    ///   it ended.
    package func keep<Value: Sendable>(
        while work: @escaping @Sendable () async throws(StoreError) -> Value
    ) async -> Result<Value, StoreError> {
        await withTaskGroup(of: Result<Value?, StoreError>.self) { group in
            group.addTask { await caught { () async throws(StoreError) in try await work() } }
            group.addTask { await caught { () async throws(StoreError) in try await self.renewUntilCancelled() } }
            group.addTask { await caught { () async throws(StoreError) in try await self.awaitDeadline() } }
            var outcomes: [Result<Value?, StoreError>] = []
            for await outcome in group {
                outcomes.append(outcome)
                group.cancelAll()
            }
            return outcome(of: outcomes)
        }
    }

    private func renewUntilCancelled<Value: Sendable>() async throws(StoreError) -> Value? {
        while true {
            do { try await clock.sleep(clock.now() + renewalPause) } catch { return nil }
            do throws(StoreError) { try await renew() } catch {
                // A storage that does not answer for a while is no reason to stop while the claim holds.
                if !error.isRetryable && error.code != .outcomeUnknown || !isStanding { throw error }
            }
        }
    }

    /// Ends when the claim does.
    private func awaitDeadline<Value: Sendable>() async throws(StoreError) -> Value? {
        while isStanding {
            do { try await clock.sleep(deadline) } catch { return nil }
        }
        throw expiry
    }
}

private func caught<Value: Sendable>(
    _ work: () async throws(StoreError) -> Value?
) async -> Result<Value?, StoreError> {
    do throws(StoreError) { return .success(try await work()) } catch { return .failure(error) }
}

private func outcome<Value: Sendable>(of ends: [Result<Value?, StoreError>]) -> Result<Value, StoreError> {
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
