internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct CheckCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Compares records with content and reports everything damaged, missing or unexpected.",
        discussion: """
            --content sets how much content is read and hashed: none, all, 10% (the tenth that was verified least \
            recently), 3/7 (the third of seven fixed parts) or unverified:30d (what was not verified for 30 days).

            Exits 1 if it found errors (with --strict, also for warnings and infos), and 2 if it could not check \
            everything or not write a report, whatever else it found.

            Examples:
              blobtool check
              blobtool check npm pypi --content all --jobs 4
              blobtool check --content 10% --bwlimit 50MB --html check.html
              blobtool check --strict --junit check.xml
              blobtool check --content 10% --metrics /var/lib/node_exporter/blobstore.prom
              blobtool check --content 3/7 --dry-run
            """)

    @Argument(
        help: "The feeds to check. Without any: all feeds, and the server root itself.", completion: Completions.feeds,
        transform: Read.feed)
    var feed: [FeedName] = []
    @OptionGroup var chosen: ContentOptions
    @Option(
        help: ArgumentHelp("Write the result as JUnit XML to this file; - is standard output.", valueName: "file"),
        completion: .file())
    var junit: String?
    @Option(
        help: ArgumentHelp("Write the result as a web page to this file; - is standard output.", valueName: "file"),
        completion: .file())
    var html: String?
    @OptionGroup var metrics: MetricsOptions
    @Flag(help: "Only report how much there is to read.") var dryRun = false
    @Flag(help: "Exit 1 for warnings and infos, too.") var strict = false
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if dryRun && (junit != nil || html != nil || metrics.metrics != nil) {
            throw ValidationError("A dry run finds nothing to report; leave out --junit, --html and --metrics.")
        }
    }

    var destinations: [Destination] {
        [Destination("--junit", junit), Destination("--html", html)].compactMap { $0 } + metrics.destinations
    }

    func run(in session: Session) async throws -> ExitStatus {
        let settings = try await root.settings()
        let check = Check(
            feeds: feed.withoutRepetitions,
            options: CheckOperation.Options(content: chosen.content.level, jobs: work.jobs, isDryRun: dryRun),
            url: settings.root.value, level: chosen.content.text, session: session)
        let report = try await check.run { body in
            try await session.withStore(root, limit: work.bwlimit, body)
        }
        let isWritten = try await write(report, session)
        return isWritten ? status(report.total) : .failed
    }

    /// Writes what was asked for; one file that cannot be written keeps no other from it.
    /// - Returns: whether all were written. Where one was not, the exit code of the check is not to be relied upon.
    private func write(_ report: CheckReport, _ session: Session) async throws -> Bool {
        let outcome = report.metrics(ended: .now, coversAll: feed.isEmpty)
        let hasMetrics = try await told(session) { try await metrics.write(outcome, session) }
        let hasJUnit = try await told(session) {
            if let junit { try await session.write(JUnitReport(report).text, to: junit) }
        }
        let hasPage = try await told(session) {
            if let html { try await session.write(HTMLReport(report).text, to: html) }
        }
        return hasMetrics && hasJUnit && hasPage
    }

    /// - Returns: whether it was done; why not is told.
    private func told(_ session: Session, _ write: () async throws -> Void) async throws -> Bool {
        do {
            try await write()
            return true
        } catch let error as StoreError where error.code != .cancelled {
            session.console.report(error)
            return false
        }
    }

    private func status(_ total: CheckOperation.Summary) -> ExitStatus {
        if !total.complete { return .failed }
        if total.errors > 0 || strict && total.warnings + total.infos > 0 { return .notGood }
        return .done
    }
}

/// How much content is read.
struct ContentOptions: ParsableArguments, Sendable {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much content to read: none (the default), all, 10%, 3/7 or unverified:30d.", valueName: "level"),
        transform: ContentChoice.init)
    var content = ContentChoice.none
}

/// A level of content, with the words that it was asked for in.
struct ContentChoice: Sendable, CustomStringConvertible {
    let text: String
    let level: ContentLevel

    static let none = ContentChoice(text: "none", level: .none)

    private init(text: String, level: ContentLevel) {
        self.text = text
        self.level = level
    }

    init(_ text: String) throws {
        self.init(text: text, level: try ContentLevel(writtenAs: text))
    }

    var description: String { text }
}
