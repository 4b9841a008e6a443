internal import ArgumentParser
internal import BlobCluster
internal import BlobStore
internal import BlobTerminal

struct MigrateCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Moves a feed, or a whole server root, to another root while nodes read and write it.",
        discussion: """
            Content is copied and verified while writers work; they are held only while the last changes are copied. \
            The same command, on any machine, resumes a run that was stopped. --to-server moves a feed back into the \
            server root. Between buckets of one server, that server copies; --bwlimit limits what this process \
            reads and writes itself.

            The source stays until --delete-source, which first reads and hashes all content in the new root, and \
            then deletes all former roots of the feed. With --quarantine they are set aside instead: they keep their \
            content under a new id, so nothing mistakes them for a feed's root, and "repair --from" still reads them.

            With --server, all feeds without a root of their own and the catalog move to a new server root. Nodes that \
            use the old one are redirected, feed by feed; give them the new one when the move is done. Feeds with \
            roots of their own stay where they are.

            Examples:
              blobtool migrate --server --to /mnt/new --dry-run
              blobtool migrate npm --to /mnt/new/npm --dry-run
              blobtool migrate npm --to /mnt/new/npm --verify read-back
              blobtool migrate npm --delete-source
              blobtool migrate npm --abort
            """)

    @Argument(help: "The feed; or --server for all feeds.", completion: Completions.feeds, transform: Read.feed)
    var feed: FeedName?
    @Flag(help: "Move the server root with every feed in it and the catalog.") var server = false
    @Option(
        help: ArgumentHelp("The new root of the feed, or the new server root.", valueName: "url"), transform: Read.root)
    var to: RootURL?
    @Flag(help: "Move the feed into the server root.") var toServer = false
    @Flag(help: "Cancel the migration; what has not moved stays where it is.") var abort = false
    @Flag(help: "Delete the former roots, after verifying all content of the new one.") var deleteSource = false
    @Flag(help: "With --delete-source, set the former roots aside instead.") var quarantine = false
    @Flag(
        help: ArgumentHelp(
            "With --delete-source, reopen places that were closed because a deletion there may still be running.",
            discussion: "Use it only if you know that the process is gone."))
    var reopen = false
    @Flag(help: "Switch over, or delete the source, even if packages are damaged in the source, too.")
    var allowDamaged = false
    @Flag(help: "Only report how much there is to copy, and how long that takes.") var dryRun = false
    @Option(help: ArgumentHelp("read-back: read back and hash everything written.", valueName: "how"))
    var verify: Verification?
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var kept: FailedOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    enum Verification: String, ExpressibleByArgument, CaseIterable, Sendable {
        case readBack = "read-back"
    }

    func validate() throws {
        if server == (feed != nil) { throw ValidationError("Give the name of a feed, or --server for all feeds.") }
        if server && (toServer || reopen) {
            throw ValidationError("--to-server and --reopen need the name of a feed.")
        }
        let places = (to == nil ? 0 : 1) + (toServer ? 1 : 0)
        if places > 1 { throw ValidationError("--to and --to-server contradict each other.") }
        if abort && (places > 0 || deleteSource) {
            throw ValidationError("--abort cannot be combined with other options.")
        }
        if places == 0 && !abort && !deleteSource {
            throw ValidationError("Give the new root with --to URL, or give --abort or --delete-source.")
        }
        if (quarantine || reopen) && !deleteSource {
            throw ValidationError("--quarantine and --reopen need --delete-source.")
        }
        if dryRun && (abort || places == 0) { throw ValidationError("--dry-run needs --to.") }
    }

    var destinations: [Destination] { kept.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, kept.failed)
        defer { failures.keepPartialFile() }
        var options = MigrateOperation.Options(
            by: signature.by, jobs: work.jobs, isDryRun: dryRun, verifiesByReading: verify == .readBack,
            allowsDamage: allowDamaged)
        let meter = Meter("migrating", unit: "packages")
        return try await session.withStore(root, limit: work.bwlimit) { [console = session.console] store in
            options.awaitNodes = { () async throws(StoreError) in try await awaitNodes(of: store, console) }
            return try await session.console.showing(meter, isShown: session.showsProgress) {
                guard let feed else {
                    return try await run(
                        store, options: options, meter: meter, console: session.console, failures: failures)
                }
                let operation = MigrateOperation(try await store.feed(feed), options) { event in
                    show(event, of: feed, meter: meter, console: session.console, failures: failures)
                }
                return try await run(operation, of: feed, session.console, failures)
            }
        }
    }

    private func run(
        _ operation: MigrateOperation, of feed: FeedName, _ console: Console, _ failures: Failures
    ) async throws -> ExitStatus {
        if abort {
            try await operation.abort()
            console.say("feed \(feed) stays where it is; what was copied is left in place")
            return .done
        }
        var status = ExitStatus.done
        if to != nil || toServer {
            let clock = RunClock()
            let summary = try await operation.run(to: to)
            show(summary, of: feed, clock.time, console)
            _ = failures.finish(succeeded: Int(clamping: summary.copied + summary.skipped))
            // It ran to its end; that some packages are damaged is its answer.
            status = summary.failed > 0 ? .notGood : .done
        }
        if deleteSource && status == .done && !dryRun { try await leave(operation, of: feed, console) }
        return status
    }

    /// Deletes the former roots, or sets them aside.
    private func leave(_ operation: MigrateOperation, of feed: FeedName, _ console: Console) async throws {
        if reopen {
            try await operation.reopen()
            return console.say("every place that was closed to feed \(feed) is open again")
        }
        let before = try await operation.formerRoots
        let closed = try await operation.deleteSource(quarantine ? .setAside : .delete)
        for place in before.filter({ !$0.isDone }).map(\.place) {
            let what = quarantine ? "setAside" : "deleted"
            console.emit(
                JSONLine(
                    "former", ["feed": .string(feed.text), "root": .string(place.description), "state": .string(what)]),
                text: "the former root \(place) of feed \(feed) is \(quarantine ? "set aside" : "deleted")")
        }
        for former in closed { console.say("note: \(operation.sentence(closed: former))") }
    }

    func show(
        _ event: MigrateOperation.Event, of feed: FeedName, meter: Meter, console: Console, failures: Failures
    ) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .failed(let path, let error):
            failures.add(server ? "\(feed)/\(path)" : path, error)
            meter.add(failures: 1)
        case .waiting(let node, let seconds): tell(waitingFor: node, seconds, console)
        case .held: tell("held", of: feed, "writers are held while the last changes are copied", console)
        case .released: tell("released", of: feed, "writers continue", console)
        }
    }

    /// Until no node works with what it had read of the catalog: one may be sending a package from a former root.
    private func awaitNodes(of store: PackageStore, _ console: Console) async throws(StoreError) {
        try await NodeRegistry(of: store).awaitEndOfPresentWork(within: .seconds(300)) { node in
            console.say("waiting for node \(node) to end the requests that it had begun before")
        }
    }

    func tell(waitingFor node: String, _ seconds: Int64, _ console: Console) {
        console.say("\(node) may be doing this work; waiting up to \(seconds) s for a sign of life before taking over")
    }

    private func tell(_ event: String, of feed: FeedName, _ sentence: String, _ console: Console) {
        console.emit(JSONLine(event, ["feed": .string(feed.text)]), text: nil)
        console.say(server ? "\(feed): \(sentence)" : sentence)
    }

    private func show(
        _ summary: MigrateOperation.Summary, of feed: FeedName, _ time: Duration, _ console: Console
    ) {
        console.emit(
            line(summary, time, feed: feed),
            text: dryRun ? forecast(summary) : result(summary, time))
    }
}
