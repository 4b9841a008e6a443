public import BlobStore

extension CollectOperation.Summary {
    /// What a collection of one feed came to, for Prometheus.
    /// - Parameter deletes: whether anything was to be freed; a dry run says only what there is.
    public func subject(_ feed: FeedName, deletes: Bool) -> UpkeepMetrics.Subject {
        var figures: [UpkeepMetrics.Figure] = [
            .init("candidates", .integer(candidates), help: "Pieces of garbage that the last run found."),
            .init("candidate_bytes", .integer(bytes), help: "Bytes of the garbage that the last run found."),
        ]
        if deletes { figures += effects }
        return .init(feed, isComplete: failed == 0, isGood: deletes && failed == 0, figures: figures)
    }

    private var effects: [UpkeepMetrics.Figure] {
        [
            .init("removed", .integer(deleted), help: "Pieces of garbage that the last run removed."),
            .init("removed_bytes", .integer(deletedBytes), help: "Bytes that the last run freed."),
            .init("retired", .integer(retired), help: "Blobs that the last run moved aside for one grace period."),
            .init("restored", .integer(restored), help: "Blobs that the last run put back."),
            .init("failed", .integer(failed), help: "Pieces that the last run could not look at, move or remove."),
        ]
    }
}
