/// The clock that a node goes by: this machine's own, which counts suspension, unless a test brings another.
///
/// Nothing that must be safe compares it with the clock of another machine. Two of them may come apart by 2 %.
public struct NodeClock: Sendable {
    /// The time since some moment.
    public let now: @Sendable () -> Duration
    /// Waits until that time.
    /// - Throws: when the task is cancelled.
    public let sleep: @Sendable (_ until: Duration) async throws -> Void
    /// A number from 0 up to 1, by which nodes come apart that would all do something at once.
    public let chance: @Sendable () -> Double
    /// The time of day, for people and for what is due once a day.
    public let date: @Sendable () -> Timestamp

    /// A clock by its parts.
    public init(
        now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async throws -> Void,
        chance: @escaping @Sendable () -> Double = { .random(in: 0..<1) },
        date: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.now = now
        self.sleep = sleep
        self.chance = chance
        self.date = date
    }

    /// This machine's clock.
    /// - Source: clock_gettime(2), CLOCK_BOOTTIME.
    public static let ofMachine: NodeClock = {
        let clock = ContinuousClock()
        let start = clock.now
        return NodeClock(
            now: { start.duration(to: clock.now) }, sleep: { try await clock.sleep(until: start + $0) })
    }()

    /// After so long without a change another is taken for dead: 2 % more than it may be silent, since two clocks may
    /// come apart by that.
    package static func patience(_ length: Duration) -> Duration { length * 1.02 }

    /// Sleeps for about that time: up to a quarter less or more.
    /// - Throws: `cancelled`, with what was waited for.
    package func pause(about time: Duration, for what: String) async throws(StoreError) {
        try await pause(until: now() + time * (0.75 + chance() / 2), for: what)
    }

    /// Sleeps until that time.
    /// - Throws: `cancelled`, with what was waited for.
    package func pause(until time: Duration, for what: String) async throws(StoreError) {
        do { try await sleep(time) } catch {
            throw StoreError(.cancelled, "cancelled while waiting for \(what)")
        }
    }
}
