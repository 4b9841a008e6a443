internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ExportCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the packages of a feed as a plain tree of files, each verified.",
        discussion: """
            A file that is there already with the same content is left; one with other content is kept, and told. A \
            run that was stopped is gone on with by the same command.

            Examples:
              blobtool export npm /backup/npm --dry-run
              blobtool export npm /backup/npm
              blobtool export npm /backup/npm --prefix left-pad/ --jobs 4
              blobtool export npm /srv/mirror --link
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Argument(help: "The directory, which is made where it is missing.", completion: .directory) var directory: String
    @Flag(help: "Give the stored files a second name rather than copy them; nothing may ever write into them.")
    var link = false
    @Option(help: ArgumentHelp("Only paths that begin with this text.", valueName: "text")) var prefix: String?
    @Flag(help: "Only say what would be written; no stored content is read.") var dryRun = false
    @OptionGroup(title: "Item options") var items: FailedOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let options = ExportOperation.Options(
            jobs: work.jobs ?? 16, prefix: prefix ?? "", links: link, isDryRun: dryRun,
            countsAhead: session.showsProgress)
        let start = ContinuousClock.now
        let summary = try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let meter = Meter("exporting")
            let operation = ExportOperation(feed, to: directory, options) { show($0, meter, session, failures) }
            return try await session.console.showing(meter, isShown: session.showsProgress) {
                try await operation.run()
            }
        }
        show(summary, ContinuousClock.now - start, session.console)
        return failures.finish(succeeded: Int(clamping: summary.exported + summary.unchanged))
    }

    private func show(_ event: ExportOperation.Event, _ meter: Meter, _ session: Session, _ failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .failed(let path, let error):
            failures.add(path, error)
            meter.add(failures: 1)
        case .exported(let path):
            guard dryRun || session.console.verbosity >= .verbose else { return }
            session.console.say("\(dryRun ? "would be " : "")exported  \(path.printable)")
        }
    }

    private func show(_ summary: ExportOperation.Summary, _ time: Duration, _ console: Console) {
        console.emit(
            JSONLine(
                "summary",
                [
                    "exported": .integer(summary.exported), "unchanged": .integer(summary.unchanged),
                    "failed": .integer(summary.failed), "bytes": .integer(summary.bytes),
                    "seconds": .number(time.inSeconds), "dryRun": .bool(dryRun),
                ]),
            text:
                "\(dryRun ? "would export" : "exported") \(grouped(summary.exported)), \(grouped(summary.unchanged)) unchanged, "
                + "\(grouped(summary.failed)) failed, \(ByteSize(bytes: summary.bytes).human) in \(time.human)")
    }
}
