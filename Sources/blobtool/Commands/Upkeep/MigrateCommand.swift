internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct MigrateCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Moves a feed to another root while nodes read and write it.",
        discussion: """
            Everything is copied and verified while writers are at work; they are held only while what is new since \
            is copied. A run that was stopped is gone on with by the same command, on any machine. The source stays \
            until --delete-source, which checks the new root first. Back into the server root: --to-server.

            Examples:
              blobtool migrate npm --to /mnt/new/npm --dry-run
              blobtool migrate npm --to /mnt/new/npm --verify read-back
              blobtool migrate npm --delete-source
              blobtool migrate npm --abort
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Option(help: ArgumentHelp("The new root of the feed.", valueName: "url"), transform: Read.root) var to: RootURL?
    @Flag(help: "Move it into the server root.") var toServer = false
    @Flag(help: "Give a migration up; the feed stays where it is.") var abort = false
    @Flag(help: "Delete the former root, after checking the new one.") var deleteSource = false
    @Flag(help: "Cut over although some packages could not be copied whole.") var allowDamaged = false
    @Flag(help: "Only say how much there is to copy.") var dryRun = false
    @Option(help: ArgumentHelp("read-back: read what was written, and hash it.", valueName: "how"))
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
        let places = (to == nil ? 0 : 1) + (toServer ? 1 : 0)
        if places > 1 { throw ValidationError("--to and --to-server contradict each other.") }
        if abort && (places > 0 || deleteSource) { throw ValidationError("--abort goes alone.") }
        if places == 0 && !abort && !deleteSource {
            throw ValidationError("Say where the feed shall go with --to URL, or give --abort or --delete-source.")
        }
        if dryRun && (abort || places == 0) { throw ValidationError("--dry-run goes with --to.") }
    }

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, kept.failed)
        defer { failures.keepPartialFile() }
        let options = MigrateOperation.Options(
            by: signature.by, jobs: work.jobs ?? 16, isDryRun: dryRun, verifiesByReading: verify == .readBack,
            allowsDamage: allowDamaged)
        return try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let meter = Meter("migrating", unit: "packages")
            let operation = MigrateOperation(feed, options) { show($0, meter, session.console, failures) }
            return try await session.console.showing(meter, isShown: session.showsProgress) {
                try await run(operation, session.console, failures)
            }
        }
    }

    private func run(
        _ operation: MigrateOperation, _ console: Console, _ failures: Failures
    ) async throws -> ExitStatus {
        if abort {
            try await operation.abort()
            console.say("feed \(feed) stays where it is; what was copied was left alone")
            return .done
        }
        var status = ExitStatus.done
        if to != nil || toServer {
            let start = ContinuousClock.now
            let summary = try await operation.run(to: to)
            show(summary, ContinuousClock.now - start, console)
            _ = failures.finish(succeeded: Int(clamping: summary.copied + summary.skipped))
            // It ran to its end; that some packages are damaged is its answer.
            status = summary.failed > 0 ? .notGood : .done
        }
        if deleteSource && status == .done && !dryRun {
            try await operation.deleteSource()
            console.say("the former root of feed \(feed) is deleted")
        }
        return status
    }

    private func show(_ event: MigrateOperation.Event, _ meter: Meter, _ console: Console, _ failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .failed(let path, let error):
            failures.add(path, error)
            meter.add(failures: 1)
        case .held: console.say("writers are held while what is new is copied")
        case .released: console.say("writers go on")
        }
    }

    private func show(_ summary: MigrateOperation.Summary, _ time: Duration, _ console: Console) {
        console.emit(
            JSONLine(
                "summary",
                [
                    "command": "migrate", "feed": .string(feed.text), "copied": .integer(summary.copied),
                    "skipped": .integer(summary.skipped), "failed": .integer(summary.failed),
                    "bytes": .integer(summary.bytes), "seconds": .number(time.inSeconds),
                    "heldSeconds": .number(summary.heldSeconds), "cutover": .bool(summary.cutover),
                    "dryRun": .bool(dryRun),
                ]),
            text: "\(dryRun ? "would copy" : "copied") \(grouped(summary.copied)), "
                + "\(grouped(summary.skipped)) there already, \(grouped(summary.failed)) failed, "
                + "\(ByteSize(bytes: summary.bytes).human) in \(time.human)"
                + (dryRun ? "" : "; the feed \(summary.cutover ? "is in its new root" : "stays in its old root")"))
    }
}
