internal import Synchronization

/// A shared allowance of bytes per second: whoever takes more than there is waits for its turn.
///
/// *Guarantees*: in any time t, at most one burst and t × rate bytes pass; takers are served in the order in which
/// they came.
public final class TokenBucket: Sendable {
    /// The allowance.
    public let bytesPerSecond: Int64
    /// Time, by the clock it was given, at which all that was taken so far is paid for.
    private let paidUpAt: Mutex<Duration>
    private let burst: Duration
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - bytesPerSecond: at least 1.
    ///   - burstSeconds: how much of an unused allowance may be made up for later.
    ///   - clock: tells the time and waits.
    public init(
        bytesPerSecond: Int64, burstSeconds: Double = 0.25, clock: some Clock<Duration> = ContinuousClock()
    ) {
        let start = clock.now
        self.bytesPerSecond = max(1, bytesPerSecond)
        burst = .seconds(max(0, burstSeconds))
        now = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        paidUpAt = Mutex(.zero - burst)
    }

    /// Takes an allowance of so many bytes, and returns when they may pass.
    /// - Throws: `cancelled`.
    public func take(_ byteCount: Int) async throws(StoreError) {
        guard byteCount > 0 else { return }
        let price = Duration.seconds(Double(byteCount) / Double(bytesPerSecond))
        let wait = paidUpAt.withLock { paidUpAt in
            let now = now()
            paidUpAt = max(paidUpAt, now - burst) + price
            return paidUpAt - now
        }
        guard wait > .zero else { return }
        do { try await sleep(wait) } catch {
            throw StoreError(.cancelled, "waiting for bandwidth was cancelled")
        }
    }
}
