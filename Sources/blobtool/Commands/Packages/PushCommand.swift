internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles

struct PushCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Publishes files, each under its name, or trees of files under their paths.",
        discussion: """
            In an immutable feed, other content at a path is a conflict; the same content again is a success.

            Examples:
              blobtool push npm left-pad-1.3.0.tgz --prefix left-pad/1.3.0
              blobtool push maven -r target/repository --jobs 8 --dry-run
              blobtool push maven -r target/repository --exclude '*.lastUpdated'
              make-package | blobtool push generic - --as tools/build-42.zip
              blobtool push npm a.tgz --digest sha256:<64 hex digits>
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: ArgumentHelp("The files; - is standard input.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("A folder to put before each path.", valueName: "path")) var prefix: String?
    @Option(
        name: .customLong("as"), help: ArgumentHelp("The path to publish a single file under.", valueName: "path"),
        transform: Read.path)
    var path: PackagePath?
    @Option(help: ArgumentHelp("The digest that a single file must have.", valueName: "digest"), transform: Read.digest)
    var digest: Digest?
    @Flag(name: .shortAndLong, help: "Publish the files in directories, too, under their paths relative to them.")
    var recursive = false
    @Flag(help: "Below directories, follow symbolic links to files.") var followLinks = false
    @Option(help: ArgumentHelp("The content type to keep with the packages.", valueName: "type"))
    var contentType: String?
    @Flag(help: "Only report what would be done; the files are read and hashed.") var dryRun = false

    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Filter options") var filter: FilterOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if files.contains("-") {
            if items.only == "-" {
                throw ValidationError("Standard input (-) is either the content or the list of --only.")
            }
            if files.count > 1 {
                throw ValidationError("Standard input (-) cannot be combined with files; push those in another run.")
            }
            if path == nil { throw ValidationError("Standard input (-) has no name; give the path with --as.") }
        }
        for (option, isGiven) in [("--as", path != nil), ("--digest", digest != nil)] where isGiven {
            if files.count > 1 || recursive { throw ValidationError("\(option) needs exactly one file.") }
        }
        if !filter.filter.isEmpty && !recursive {
            throw ValidationError("--include and --exclude choose files in directories; give -r, too.")
        }
        if path != nil && prefix != nil { throw ValidationError("--as gives the whole path; leave out --prefix.") }
    }

    var destinations: [Destination] { items.kept.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let failures = Failures(session.console, items.failed)
            defer { failures.keepPartialFile() }
            let options = PublishOperation.Options(
                PublicationDetails(by: signature.by, contentType: contentType), jobs: work.jobs ?? usualJobs,
                followsLinks: followLinks, isDryRun: dryRun, prefix: prefix ?? "", path: path, expected: digest,
                only: try await items.selection(), countsAhead: session.showsProgress,
                filter: filter.filter)
            let clock = RunClock()
            let (summary, stop) = try await session.publish(
                source, into: feed, options, activity: dryRun ? "reading" : "publishing", failures: failures
            ) { item in
                guard let published = item.published else { return }
                session.console.emit(published.line(isDryRun: dryRun), text: published.text(isDryRun: dryRun))
            }
            if let stop {
                return try failures.stop(
                    stop, succeeded: summary.succeeded, hasMore: files.count > 1 || recursive)
            }
            if dryRun { show(summary, after: clock.time, on: session.console) }
            return failures.finish(succeeded: summary.succeeded)
        }
    }

    private var source: PublishOperation.Source {
        if files == ["-"] { return .stream(LocalPipe.standardInput(), name: "-") }
        return .files(files, isRecursive: recursive)
    }

    /// Shows what a dry run came to.
    private func show(_ summary: PublishOperation.Summary, after time: Duration, on console: Console) {
        console.emit(
            .summary(
                "push", of: feed, RunFacts(isDryRun: true, time: time),
                fields: [
                    "published": .integer(summary.published), "unchanged": .integer(summary.unchanged),
                    "failed": .integer(summary.failed), "bytes": .integer(summary.bytes),
                ]),
            text: "would publish \(grouped(summary.published)), \(grouped(summary.unchanged)) unchanged, "
                + "\(grouped(summary.failed)) failed, \(ByteSize(bytes: summary.bytes).human)")
    }
}
