internal import BlobStore
internal import BlobTerminal

/// What became of the files of a push, counted.
struct PushTally: Sendable {
    private var published: Int64 = 0
    private var unchanged: Int64 = 0
    private var bytes: Int64 = 0

    var succeeded: Int { Int(clamping: published + unchanged) }

    mutating func add(_ result: Published) {
        if result.outcome == .unchanged { unchanged += 1 } else { published += 1 }
        bytes += result.size
    }

    /// Shows what a dry run came to.
    func show(_ feed: FeedName, failed: Int64, _ console: Console) {
        console.emit(
            JSONLine(
                "summary",
                [
                    "command": "push", "feed": .string(feed.text), "published": .integer(published),
                    "unchanged": .integer(unchanged), "failed": .integer(failed), "bytes": .integer(bytes),
                    "dryRun": true,
                ]),
            text: "would publish \(grouped(published)), \(grouped(unchanged)) unchanged, \(grouped(failed)) failed, "
                + ByteSize(bytes: bytes).human)
    }
}
