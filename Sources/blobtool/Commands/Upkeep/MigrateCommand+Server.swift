internal import BlobStore
internal import BlobTerminal

extension MigrateCommand {
    /// Moves a whole server root, gives that up, or frees what its feeds left behind.
    func run(
        _ store: PackageStore, options: MigrateOperation.Options, meter: Meter, console: Console,
        failures: Failures
    ) async throws -> ExitStatus {
        let migration = ServerMigration(store, options) { show($0, meter: meter, console: console, failures: failures) }
        if abort {
            try await migration.abort()
            console.say("the server root stays where it is; feeds that have moved stay in their new roots")
            return .done
        }
        var succeeded = 0
        if let to {
            let clock = RunClock()
            let summary = try await migration.run(to: to)
            show(summary, time: clock.time, on: console)
            succeeded = Int(clamping: summary.packages.copied + summary.packages.skipped + summary.feeds)
            if failures.count > 0 {
                // It ran to its end; that something is damaged or in its way is its answer.
                _ = failures.finish(succeeded: succeeded)
                return .notGood
            }
        }
        if deleteSource && !dryRun {
            succeeded += try await leave(store, options: options, meter: meter, console: console, failures: failures)
        }
        return failures.finish(succeeded: succeeded)
    }

    /// Frees the former roots of all feeds: the catalog in charge knows them.
    private func leave(
        _ store: PackageStore, options: MigrateOperation.Options, meter: Meter, console: Console,
        failures: Failures
    ) async throws -> Int {
        let migration = ServerMigration(store, options) { show($0, meter: meter, console: console, failures: failures) }
        let summary = try await migration.deleteSources(quarantine ? .setAside : .delete)
        let what = quarantine ? "set aside" : "deleted"
        console.emit(
            JSONLine(
                "formers", ["feeds": .integer(summary.feeds), "state": .string(quarantine ? "setAside" : "deleted")]),
            text: "the former roots of \(counted(summary.feeds, "feed")) are \(what)")
        return Int(clamping: summary.feeds)
    }

    private func show(_ event: ServerMigration.Event, meter: Meter, console: Console, failures: Failures) {
        switch event {
        case .waiting(let node, let seconds): tell(waitingFor: node, seconds, console)
        case .feed(let feed, let event): show(event, of: feed, meter: meter, console: console, failures: failures)
        case .failed(let feed, let error): failures.add("feed \(feed)", error)
        case .migrated(let feed, let summary):
            console.emit(
                JSONLine(
                    "migrated",
                    [
                        "feed": .string(feed.text), "copied": .integer(summary.copied),
                        "skipped": .integer(summary.skipped), "failed": .integer(summary.failed),
                        "bytes": .integer(summary.bytes), "cutover": .bool(summary.cutover),
                        "dryRun": dryRun ? true : nil,
                    ]),
                text: dryRun
                    ? "\(feed): \(forecast(summary))"
                    : "\(feed): copied \(grouped(summary.copied)), \(grouped(summary.skipped)) there already")
        case .handedOver(let feed):
            console.emit(
                JSONLine("handedOver", ["feed": .string(feed.text)]), text: "\(feed) is in the new catalog")
        }
    }

    private func show(_ summary: ServerMigration.Summary, time: Duration, on console: Console) {
        let text: String
        if dryRun {
            text = "would move \(counted(summary.feeds, "feed")): \(forecast(summary.packages))"
        } else if summary.cutover {
            text = "moved \(counted(summary.feeds, "feed")) in \(time.human); give all nodes the new server root now"
        } else {
            text =
                "\(counted(summary.failedFeeds, "feed")) could not be moved, \(grouped(summary.feeds)) are in the new "
                + "catalog; correct the cause, then run the same command again"
        }
        console.emit(line(summary.packages, time, server: summary), text: text)
    }
}
