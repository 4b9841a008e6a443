internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ExportCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the packages of a feed as a tree of files, and verifies each.",
        discussion: """
            A file that already exists is kept; if its content differs, it is reported, or replaced with --update. Each \
            is compared by size and, where that is right, by reading it: no time of a file is believed. The same \
            command resumes a run that was stopped.

            --delete makes DIR a mirror: after all packages were exported and none failed, it deletes regular files \
            that the feed does not hold, and folders that are empty then. It follows no links, and keeps what \
            --prefix, --include and --exclude leave out.

            Examples:
              blobtool export npm /backup/npm --dry-run
              blobtool export npm /backup/npm
              blobtool export npm /backup/npm --prefix left-pad/ --jobs 4
              blobtool export npm /backup/npm --include '*.tgz' --exclude '@internal/**'
              blobtool export npm /srv/mirror --link
              blobtool export npm /srv/mirror --update --delete --dry-run
              blobtool export npm /srv/mirror --update --delete
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The directory; it is created if it is missing.", completion: .directory) var directory: String
    @Flag(help: "Link to the stored files instead of copying them. Nothing may ever write to these links.")
    var link = false
    @Flag(help: "Replace files whose content differs.") var update = false
    @Flag(help: "Delete files that the feed does not hold.") var delete = false
    @Flag(help: "With --delete, do so even if the directory has none of the feed's files yet.") var force = false
    @Option(help: ArgumentHelp("Only paths that begin with this text.", valueName: "text")) var prefix: String?
    @Flag(help: "Only report what would be written, without reading stored content.") var dryRun = false
    @OptionGroup(title: "Filter options") var filter: FilterOptions
    @OptionGroup(title: "Item options") var items: FailedOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if force && !delete { throw ValidationError("--force needs --delete.") }
        if update && link { throw ValidationError("--link never replaces a file; leave out --update.") }
    }

    var destinations: [Destination] { items.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        var options = ExportOperation.Options(
            jobs: work.jobs, prefix: prefix ?? "", links: link, isDryRun: dryRun,
            countsAhead: session.showsProgress, filter: filter.filter)
        options.replaces = update
        options.deletes = delete
        options.deletesUnknown = force
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
        if delete && summary.deleted == nil {
            session.console.warn("nothing was deleted from \(directory), because not every package could be exported")
        }
        return failures.finish(succeeded: Int(clamping: summary.exported + summary.unchanged))
    }

    private func show(_ event: ExportOperation.Event, meter: Meter, session: Session, failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .failed(let path, let error):
            failures.add(path, error)
            meter.add(failures: 1)
        case .deleted(let path):
            session.console.emit(
                JSONLine("deleted", ["file": .string(path), "dryRun": dryRun ? true : nil]),
                text: "\(dryRun ? "would be " : "")deleted  \(path.named())", flush: false)
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
                    "deleted": summary.deleted.map { .integer($0) },
                ]),
            text:
                "\(dryRun ? "would export" : "exported") \(grouped(summary.exported)), \(grouped(summary.unchanged)) unchanged, "
                + "\(summary.deleted.map { "\(grouped($0)) deleted, " } ?? "")"
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
