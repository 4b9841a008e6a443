internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ExportCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the packages of a feed as a tree of files, and verifies each.",
        discussion: """
            A file that already exists is kept; if its content differs, it is reported. The same command resumes a \
            run that was stopped.

            Examples:
              blobtool export npm /backup/npm --dry-run
              blobtool export npm /backup/npm
              blobtool export npm /backup/npm --prefix left-pad/ --jobs 4
              blobtool export npm /backup/npm --include '*.tgz' --exclude '@internal/**'
              blobtool export npm /srv/mirror --link
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The directory; it is created if it is missing.", completion: .directory) var directory: String
    @Flag(help: "Link to the stored files instead of copying them. Nothing may ever write to these links.")
    var link = false
    @Option(help: ArgumentHelp("Only paths that begin with this text.", valueName: "text")) var prefix: String?
    @Flag(help: "Only report what would be written, without reading stored content.") var dryRun = false
    @OptionGroup(title: "Filter options") var filter: FilterOptions
    @OptionGroup(title: "Item options") var items: FailedOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    var destinations: [Destination] { items.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let options = ExportOperation.Options(
            jobs: work.jobs, prefix: prefix ?? "", links: link, isDryRun: dryRun,
            countsAhead: session.showsProgress, filter: filter.filter)
        let clock = RunClock()
        let summary = try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let meter = Meter("exporting")
            let operation = ExportOperation(feed, to: directory, options) {
                show($0, meter: meter, session: session, failures: failures)
            }
            return try await session.console.showing(meter, isShown: session.showsProgress) {
                try await operation.run()
            }
        }
        show(summary, time: clock.time, on: session.console)
        return failures.finish(succeeded: Int(clamping: summary.exported + summary.unchanged))
    }

    private func show(_ event: ExportOperation.Event, meter: Meter, session: Session, failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .failed(let path, let error):
            failures.add(path, error)
            meter.add(failures: 1)
        case .exported(let record):
            if dryRun { session.console.emit(record.exportedLine, text: nil, flush: false) }
            guard dryRun || session.console.verbosity >= .verbose else { return }
            session.console.say("\(dryRun ? "would be " : "")exported  \(record.path.text.named())")
        }
    }

    private func show(_ summary: ExportOperation.Summary, time: Duration, on console: Console) {
        console.emit(
            .summary(
                "export", of: feed, RunFacts(isDryRun: dryRun, time: time),
                fields: [
                    "exported": .integer(summary.exported), "unchanged": .integer(summary.unchanged),
                    "failed": .integer(summary.failed), "bytes": .integer(summary.bytes),
                ]),
            text:
                "\(dryRun ? "would export" : "exported") \(grouped(summary.exported)), \(grouped(summary.unchanged)) unchanged, "
                + "\(grouped(summary.failed)) failed, \(ByteSize(bytes: summary.bytes).human) in \(time.human)")
    }
}

extension PackageRecord {
    /// The `exported` line of a dry run.
    fileprivate var exportedLine: JSONLine {
        JSONLine(
            "exported",
            [
                "path": .string(path.text), "digest": .string(digest.description), "size": .integer(size),
                "dryRun": true,
            ])
    }
}
