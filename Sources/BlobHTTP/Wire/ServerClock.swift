internal import Synchronization

/// The server's clock when it answered, which ages are told by.
package struct AnswerTime: Sendable {
    /// Nil for an answer that does not tell it.
    private let now: UTCTime?

    package init(_ headers: HTTPHeaders) { now = headers["Date"].flatMap { UTCTime(httpDate: $0) } }

    /// How long ago something changed. An age that cannot be told, or that cannot be, is none: what is young is left
    /// alone. So it is with a time of before there were such servers, as some write what they do not know.
    package func age(of modified: UTCTime?) -> Duration {
        guard let now, let modified, modified > Self.earliest else { return .zero }
        return max(now.since(modified), .zero)
    }

    /// 2000-01-01T00:00:00Z
    private static let earliest = UTCTime(seconds: 946_684_800)
}

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
