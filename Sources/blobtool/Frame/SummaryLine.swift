internal import BlobStore
internal import BlobTerminal
internal import Synchronization

/// What every summary says of its run, whatever the command did.
struct RunFacts: Sendable {
    /// Whether the command came to the end of its work and could look everywhere; single items may have failed.
    var isComplete = true
    /// Whether nothing was changed.
    var isDryRun = false
    let time: Duration
}

extension JSONLine {
    /// The line that ends what a command prints: what all of them say, then the command's own counts.
    /// - Parameter feed: nil where the work was on more than one feed, or on none.
    static func summary(
        _ command: String, of feed: FeedName?, _ run: RunFacts, fields: KeyValuePairs<String, LineValue?>
    ) -> JSONLine {
        JSONLine(
            "summary",
            [
                "command": .string(command), "feed": feed.map { .string($0.text) }, "complete": .bool(run.isComplete),
                "dryRun": .bool(run.isDryRun), "seconds": .number(run.time.inSeconds),
            ], then: fields)
    }
}

/// How long each of several pieces of work took that are done one after the other.
final class LapClock: Sendable {
    private let start = Mutex(ContinuousClock.now)

    /// The time since the last call, or since the beginning.
    func lap() -> Duration {
        start.withLock { start in
            let now = ContinuousClock.now
            defer { start = now }
            return now - start
        }
    }
}
