internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ImportCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Adopts a tree of package files. Publishes each under its path, and skips what is there.",
        discussion: """
            A file that cannot be imported is reported and does not stop the rest. The same command resumes a run \
            that was stopped.

            Examples:
              blobtool import debian /var/www/debian/pool --dry-run
              blobtool import debian /var/www/debian/pool --failed failed.txt
              blobtool import debian /var/www/debian/pool --only failed.txt
              blobtool import debian /srv/pool --include '*.deb' --exclude 'old/**'
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The directory.", completion: .directory) var directory: String
    @Option(help: ArgumentHelp("A folder to put before each path.", valueName: "path")) var prefix: String?
    @Flag(help: "Follow symbolic links to files.") var followLinks = false
    @Flag(help: "Only report what would be done.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Filter options") var filter: FilterOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    var destinations: [Destination] { items.kept.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let options = PublishOperation.Options(
            PublicationDetails(by: signature.by), jobs: work.jobs, followsLinks: followLinks, isDryRun: dryRun,
            prefix: prefix ?? "", only: try await items.selection(), countsAhead: session.showsProgress,
            filter: filter.filter)
        let clock = RunClock()
        let (summary, stop) = try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            try await session.publish(
                .tree(directory), into: feed, options, activity: "importing", failures: failures
            ) { item in
                if dryRun { session.console.emit(item.line, text: nil, flush: false) }
                guard dryRun && item.outcome != .unchanged || session.console.verbosity >= .verbose else { return }
                session.console.say("\(dryRun ? "would be " : "")\(item.outcome.rawValue)  \(item.name.named())")
            }
        }
        show(summary, after: clock.time, session.console, isComplete: stop == nil)
        if let stop { return try failures.stop(stop, succeeded: summary.succeeded) }
        return failures.finish(succeeded: summary.succeeded)
    }

    private func show(
        _ summary: PublishOperation.Summary, after time: Duration, _ console: Console, isComplete: Bool
    ) {
        console.emit(
            .summary(
                "import", of: feed, RunFacts(isComplete: isComplete, isDryRun: dryRun, time: time),
                fields: [
                    "imported": .integer(summary.published), "unchanged": .integer(summary.unchanged),
                    "failed": .integer(summary.failed), "bytes": .integer(summary.bytes),
                ]),
            text: "\(dryRun ? "would import" : "imported") \(grouped(summary.published)), "
                + "\(grouped(summary.unchanged)) unchanged, \(grouped(summary.failed)) failed, "
                + "\(ByteSize(bytes: summary.bytes).human) in \(time.human)\(isComplete ? "" : ", and then stopped")")
    }
}

extension PublishOperation.Item {
    /// The `imported` line of a dry run.
    fileprivate var line: JSONLine {
        JSONLine(
            "imported",
            [
                "path": .string(path.text), "size": .integer(size), "outcome": .string(outcome.rawValue),
                "dryRun": true,
            ])
    }
}
