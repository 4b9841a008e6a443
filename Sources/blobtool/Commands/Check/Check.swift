internal import BlobStore
internal import BlobTerminal

/// What `check` does: runs the operation, shows what it finds, and keeps it for the reports.
struct Check: Sendable {
    let feeds: [FeedName]
    let options: CheckOperation.Options
    let url: RootURL
    let level: String
    let session: Session

    private var console: Console { session.console }

    /// Runs to the end. What could not be looked at, be it the whole root, makes the result incomplete.
    /// - Parameter opening: opens the store for a body.
    func run(
        _ opening: ((PackageStore) async throws -> CheckOperation.Summary) async throws -> CheckOperation.Summary
    ) async throws -> CheckReport {
        let builder = CheckReportBuilder()
        let program = "\(toolVersion) on \(try NodeName.ofThisMachine())"
        let (started, clock) = (Timestamp.now, RunClock())
        let meter = Meter("checking", unit: "items")
        let total: CheckOperation.Summary
        do {
            total = try await opening { store in
                let operation = CheckOperation(store, feeds: feeds, options) { event in
                    builder.add(event)
                    show(event, meter)
                }
                return try await console.showing(meter, isShown: session.showsProgress) { try await operation.run() }
            }
        } catch let error as StoreError where error.code != .cancelled {
            total = unlooked(error, builder)
        }
        let time = clock.time
        console.emit(
            total.line(nil, options, time: time), text: text(total, time), tone: options.isDryRun ? nil : total.tone)
        return builder.report(
            by: program, root: url.description, level: level, freshWithin: options.content.freshness, started: started,
            seconds: time.inSeconds, total: total)
    }

    /// Nothing could be looked at: neither damage nor health.
    private func unlooked(_ error: StoreError, _ builder: CheckReportBuilder) -> CheckOperation.Summary {
        var total = CheckOperation.Summary()
        total.complete = false
        if let kind = Finding.Kind(ofRoot: error) {
            let finding = Finding(kind, feed: nil, key: url.description, error.message)
            builder.add(.finding(finding))
            show(finding)
            total.errors = 1
        }
        // Those who were asked for by name are told of by name.
        for feed in feeds.isEmpty ? [nil] : feeds.map(Optional.some) {
            builder.add(.incomplete(feed, error, packages: []))
        }
        console.report(error)
        return total
    }

    private func show(_ event: CheckOperation.Event, _ meter: Meter) {
        switch event {
        case .progress(let feed, let progress):
            meter.show(progress)
            meter.update { $0.activity = "\(feed?.text ?? "server root"): \(progress.phase)" }
        case .finding(let finding): show(finding)
        case .incomplete(let feed, let error, let packages): show(error, feed: feed, packages: packages)
        case .plan(let feed, let plan): console.emit(plan.line(feed), text: plan.text(feed))
        case .reached: break  // Nobody asks for a part here.
        case .finished(let feed, let summary, let time):
            console.emit(summary.line(feed, options, time: time), text: options.isDryRun ? nil : summary.text(feed))
        }
    }

    private func show(_ finding: Finding) {
        console.emit(finding.line, text: finding.text, tone: finding.severity.tone)
    }

    private func show(_ error: StoreError, feed: FeedName?, packages: [String]) {
        if console.format == .json { console.emit(error.line(feed, packages: packages), text: nil) }
        let place = feed.map { "feed \"\($0)\"" } ?? "the server root"
        console.say(
            Finding.affecting(
                "error: \(place) could not be checked completely: " + "\(error)".printable, packages: packages,
                count: packages.count),
            from: .quiet, tone: .error)
    }

    private func text(_ total: CheckOperation.Summary, _ time: Duration) -> String {
        if options.isDryRun {
            return total.complete ? "nothing was checked" : "INCOMPLETE: not everything could be counted"
        }
        let verdict = "\(total.verdict): \(total.counts) in \(time.human)"
        guard let share = total.freshPercentage else { return verdict }
        return "\(verdict)\nOf all bytes of content \(share) were read and found good within "
            + "\(options.content.freshness.written)."
    }
}
