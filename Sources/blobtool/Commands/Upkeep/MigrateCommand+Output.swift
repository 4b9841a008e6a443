internal import BlobStore
internal import BlobTerminal

extension MigrateCommand {
    /// The `summary` line.
    /// - Parameters:
    ///   - feed: the feed that was moved, unless it was a server root.
    ///   - server: what came of a server root.
    func line(
        _ summary: MigrateOperation.Summary, _ time: Duration, feed: FeedName? = nil,
        server: ServerMigration.Summary? = nil
    ) -> JSONLine {
        .summary(
            "migrate", of: feed, RunFacts(isDryRun: dryRun, time: time),
            fields: [
                "feeds": server.map { .integer($0.feeds) }, "failedFeeds": server.map { .integer($0.failedFeeds) },
                "copied": .integer(summary.copied), "skipped": .integer(summary.skipped),
                "failed": .integer(summary.failed), "bytes": .integer(summary.bytes),
                "heldSeconds": .number(summary.heldSeconds), "cutover": .bool(summary.cutover),
                "packages": dryRun ? .integer(summary.copied) : nil,
                "secondsEstimated": dryRun ? .number(summary.secondsEstimated) : nil,
                "heldSecondsEstimated": dryRun ? .number(summary.heldSecondsEstimated) : nil,
            ])
    }

    /// What a dry run says.
    func forecast(_ summary: MigrateOperation.Summary) -> String {
        "would copy \(grouped(summary.copied)) packages with \(ByteSize(bytes: summary.bytes).human) of content "
            + "in about \(Duration.seconds(summary.secondsEstimated).human), and hold writers for about "
            + "\(Duration.seconds(summary.heldSecondsEstimated).human); \(grouped(summary.skipped)) there already, "
            + "\(grouped(summary.failed)) cannot be copied"
    }

    /// What a run says at its end.
    func result(_ summary: MigrateOperation.Summary, _ time: Duration) -> String {
        "copied \(grouped(summary.copied)), \(grouped(summary.skipped)) there already, "
            + "\(grouped(summary.failed)) failed, \(ByteSize(bytes: summary.bytes).human) in \(time.human); the feed "
            + "\(summary.cutover ? "is in its new root" : "stays in its old root")"
    }
}
