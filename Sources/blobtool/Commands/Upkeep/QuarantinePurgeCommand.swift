internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct QuarantinePurgeCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Removes from quarantine what nothing needs, permanently.",
        discussion: """
            Content goes if it was put aside long enough ago (by the storage's own clock), and a good blob is in its \
            place, which is read, or no package names it. The last copy of what a package names stays, damaged as it \
            is, unless --damaged lets it go; one that is good stays in any case. If a record cannot be read, whatever \
            it may name stays. What has no note gets one, and its time begins then.

            Examples:
              blobtool quarantine purge npm --dry-run
              blobtool quarantine purge npm pypi --older 90d
              blobtool quarantine purge npm --damaged
            """)

    @Argument(help: "The feeds.", completion: Completions.feeds, transform: Read.feed) var feeds: [FeedName]
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only what was put aside at least so long ago, e.g. 7d; the default is 30d.", valueName: "duration"),
        transform: { try Duration(writtenAs: $0) })
    var older: Duration?
    @Flag(help: "Also remove damaged content that packages name and that has no good copy in place.")
    var damaged = false
    @Flag(help: "Only report what would be removed.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, nil)
        let removing = QuarantineOperation.Removing(
            shortestAge: older ?? .seconds(30 * 86_400), includesNeeded: damaged, isDryRun: dryRun, by: signature.by)
        let look = QuarantineLook(
            session: session, failures: failures, options: .init(removing: removing, jobs: work.jobs ?? 4))
        var removed = 0
        var isComplete = true
        try await session.withStore(root, limit: work.bwlimit) { store in
            for name in feeds.withoutRepetitions {
                let clock = RunClock()
                guard let summary = try await look.run(name, in: store) else {
                    isComplete = false
                    continue
                }
                show(summary, of: name, after: clock.time, on: session.console)
                removed += Int(clamping: summary.removed.count)
                isComplete = isComplete && summary.unreadable == 0
            }
        }
        let status = failures.finish(succeeded: removed)
        return isComplete ? status : .failed
    }

    private func show(
        _ summary: QuarantineOperation.Summary, of feed: FeedName, after time: Duration, on console: Console
    ) {
        let kept = summary.kept.count - summary.young
        console.emit(
            .summary(
                "quarantine purge", of: feed,
                RunFacts(isComplete: summary.unreadable == 0, isDryRun: dryRun, time: time),
                fields: [
                    "purged": .integer(summary.removed.count), "bytes": .integer(summary.removed.bytes),
                    "kept": .integer(summary.kept.count), "young": .integer(summary.young),
                    "failed": .integer(summary.failed),
                ]),
            text: "feed \(feed): \(grouped(summary.removed.count)) \(dryRun ? "would be " : "")removed, "
                + "\(ByteSize(bytes: summary.removed.bytes).human); \(grouped(summary.young)) too young, "
                + "\(grouped(kept)) still needed, \(grouped(summary.failed)) failed")
    }
}
