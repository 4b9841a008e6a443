public import BlobStore

extension CheckReport {
    /// The outcome for Prometheus.
    /// - Parameter coversAll: whether all feeds were asked for, and so the server root itself.
    public func metrics(ended: Timestamp, coversAll: Bool) -> UpkeepMetrics {
        let feeds = sections.filter { $0.feed != nil }.map(subject)
        return UpkeepMetrics("check", ended: ended, subjects: coversAll ? [serverRoot] + feeds : feeds)
    }

    private func subject(_ section: Section) -> UpkeepMetrics.Subject {
        let summary = section.summary
        let isComplete = section.isCounted && summary.complete
        guard section.isCounted else { return .init(section.feed, isComplete: false, isGood: false) }
        var figures = findings(summary.errors, summary.warnings)
        figures.append(
            .init("bytes_read", .integer(summary.bytesRead), help: "Bytes of content that the last run read."))
        // Of what could not be looked at nobody knows how much it is.
        if isComplete { figures += holdings(summary) }
        return .init(section.feed, isComplete: isComplete, isGood: isComplete && summary.errors == 0, figures: figures)
    }

    private func findings(_ errors: Int64, _ warnings: Int64) -> [UpkeepMetrics.Figure] {
        [
            .init("errors", .integer(errors), help: "Errors that the last run found: damage."),
            .init("warnings", .integer(warnings), help: "Warnings that the last run found."),
        ]
    }

    private func holdings(_ summary: CheckOperation.Summary) -> [UpkeepMetrics.Figure] {
        var figures: [UpkeepMetrics.Figure] = [
            .init("packages", .integer(summary.packages), help: "Packages, without deleted ones."),
            .init("blobs", .integer(summary.blobs), help: "Blobs."),
            .init("bytes", .integer(summary.bytes), help: "Bytes of all blobs."),
        ]
        if let share = summary.freshShare {
            figures.append(
                .init(
                    "fresh_ratio", .number(share),
                    help: "Share of the bytes that were read and found good within \(freshWithin.written)."))
        }
        return figures
    }

    /// What is not of a feed: the total has it, whatever the bound on what is kept has left out.
    private var serverRoot: UpkeepMetrics.Subject {
        let feeds = sections.filter { $0.feed != nil }
        let errors = feeds.reduce(total.errors) { $0 - $1.summary.errors }
        let warnings = feeds.reduce(total.warnings) { $0 - $1.summary.warnings }
        let isKnown = total.complete || omitted == 0
        let hasGap = sections.contains { $0.feed == nil && !$0.gaps.isEmpty }
        let isComplete = isKnown && !hasGap
        return .init(
            nil, isComplete: isComplete, isGood: isComplete && errors == 0, figures: findings(errors, warnings))
    }
}
