internal import Synchronization

/// How far a server's clock is from this machine's, as it was learnt from its answers.
package final class ServerClock: Sendable {
    private let offset = Mutex(Duration.zero)

    package init() {}

    /// What to sign with.
    package func time(_ wallTime: UTCTime) -> UTCTime { wallTime.advanced(by: offset.withLock { $0 }) }

    /// Learns from a refusal for its time.
    /// - Returns: whether signing again may help: the time was more than a minute off.
    package func learn(_ date: UTCTime?, wallTime: UTCTime) -> Bool {
        guard let date else { return false }
        let skew = date.since(wallTime)
        return offset.withLock { offset in
            let difference = skew - offset
            guard difference > .seconds(60) || difference < .seconds(-60) else { return false }
            offset = skew
            return true
        }
    }
}
