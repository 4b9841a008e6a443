internal import Synchronization

/// What was looked at just now, for the first who asks for it within a second: who begins at once need not look again.
package final class FirstLook<Found: Sendable>: Sendable {
    private static var validity: Duration { .seconds(1) }

    private let found: Mutex<Found?>
    private let end: Duration
    private let now: @Sendable () -> Duration

    /// - Parameters:
    ///   - began: the time before the look, so that nothing is believed for longer than a second.
    ///   - now: the time since this machine was started.
    package init(
        _ found: Found, since began: Duration, now: @escaping @Sendable () -> Duration = { LinuxCalls().timeSinceBoot }
    ) {
        self.found = Mutex(found)
        end = began + Self.validity
        self.now = now
    }

    /// What was found; nil for everyone but the first, and once a second has passed.
    package func take() -> Found? {
        guard let found = found.withLock({ $0.take() }), now() < end else { return nil }
        return found
    }
}
