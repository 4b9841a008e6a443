internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import Synchronization

struct ImportCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Adopts a tree of package files: publishes each under its path, and skips what is there.",
        discussion: """
            What cannot be taken is told and does not stop the rest. A run that was stopped is gone on with by the \
            same command.

            Examples:
              blobtool import debian /var/www/debian/pool --dry-run
              blobtool import debian /var/www/debian/pool --failed failed.txt
              blobtool import debian /var/www/debian/pool --only failed.txt
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Argument(help: "The directory.", completion: .directory) var directory: String
    @Option(help: ArgumentHelp("Goes before each path.", valueName: "path")) var prefix: String?
    @Flag(help: "Take files that symbolic links lead to.") var followLinks = false
    @Flag(help: "Only say what would be done.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let options = ImportOperation.Options(
            by: signature.by, jobs: work.jobs ?? 64, followsLinks: followLinks, isDryRun: dryRun,
            prefix: prefix.map { $0.isEmpty || $0.hasSuffix("/") ? $0 : $0 + "/" } ?? "",
            only: try await items.selection(), countsAhead: session.showsProgress)
        let start = ContinuousClock.now
        let stopped = Mutex<ImportOperation.Summary?>(nil)
        let summary: ImportOperation.Summary
        do {
            summary = try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
                let meter = Meter("importing", unit: "files")
                let operation = ImportOperation(directory, into: feed, options) { event in
                    if case .stopped(let summary) = event { stopped.withLock { $0 = summary } }
                    show(event, meter, session, failures)
                }
                return try await session.console.showing(meter, isShown: session.showsProgress) {
                    try await operation.run()
                }
            }
        } catch {
            guard let summary = stopped.withLock({ $0 }) else { throw error }
            show(summary, ContinuousClock.now - start, session.console, isComplete: false)
            return try failures.stop(error, succeeded: summary.succeeded)
        }
        show(summary, ContinuousClock.now - start, session.console, isComplete: true)
        return failures.finish(succeeded: summary.succeeded)
    }

    private func show(_ event: ImportOperation.Event, _ meter: Meter, _ session: Session, _ failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .failed(let path, let error):
            failures.add(path, error)
            meter.add(failures: 1)
        case .stopped: break
        case .published(let outcome, let path, _):
            guard dryRun && outcome != .unchanged || session.console.verbosity >= .verbose else { return }
            session.console.say("\(dryRun ? "would be " : "")\(outcome.rawValue)  \(path.printable)")
        }
    }

    private func show(
        _ summary: ImportOperation.Summary, _ time: Duration, _ console: Console, isComplete: Bool
    ) {
        console.emit(
            JSONLine(
                "summary",
                [
                    "imported": .integer(summary.imported), "unchanged": .integer(summary.unchanged),
                    "failed": .integer(summary.failed), "bytes": .integer(summary.bytes),
                    "seconds": .number(time.inSeconds), "dryRun": .bool(dryRun), "complete": .bool(isComplete),
                ]),
            text: "\(dryRun ? "would import" : "imported") \(grouped(summary.imported)), "
                + "\(grouped(summary.unchanged)) unchanged, \(grouped(summary.failed)) failed, "
                + "\(ByteSize(bytes: summary.bytes).human) in \(time.human)\(isComplete ? "" : ", and stopped there")")
    }
}

extension ImportOperation.Summary {
    fileprivate var succeeded: Int { Int(clamping: imported + unchanged) }
}
