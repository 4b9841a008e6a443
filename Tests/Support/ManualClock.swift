import Synchronization

/// A clock that stands still until it is told to go on, or somebody sleeps, who then wakes at once.
package final class ManualClock: Clock {
    package struct Instant: InstantProtocol {
        var time: Duration
        package func advanced(by duration: Duration) -> Instant { Instant(time: time + duration) }
        package func duration(to other: Instant) -> Duration { other.time - time }
        package static func < (left: Instant, right: Instant) -> Bool { left.time < right.time }
    }

    private let time = Mutex(Duration.zero)

    package init() {}

    package var now: Instant { Instant(time: time.withLock { $0 }) }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        time.withLock { $0 = max($0, deadline.time) }
    }

    package func advance(by duration: Duration) { time.withLock { $0 += duration } }
}
