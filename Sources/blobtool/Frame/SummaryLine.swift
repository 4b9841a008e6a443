internal import BlobStore
internal import BlobTerminal

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

/// How long a run takes.
struct RunClock: Sendable {
    private let start = ContinuousClock.now

    /// The time since the beginning.
    var time: Duration { ContinuousClock.now - start }
}
