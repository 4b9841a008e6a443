internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles

struct RepairCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Quarantines damaged content and restores good copies.",
        discussion: """
            Reads and hashes all content of the feed. Good copies come from the roots named with --from (server roots \
            or feed roots), then from the other feeds of this root. Damaged content goes to quarantine and is never \
            deleted. Content without a good copy is listed; publish it again to heal it.

            Examples:
              blobtool repair npm --dry-run
              blobtool repair npm --from /mnt/backup/packages
              blobtool repair npm --from /mnt/old/npm --from /mnt/backup --failed lost.txt
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Option(
        help: ArgumentHelp("A root to take good copies from; can be repeated.", valueName: "url"),
        transform: Read.root)
    var from: [RootURL] = []
    @Flag(help: "Only report what is damaged, and where good copies are.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var kept: FailedOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    var destinations: [Destination] { kept.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, kept.failed)
        defer { failures.keepPartialFile() }
        let options = RepairOperation.Options(
            by: signature.by, sources: from, isDryRun: dryRun, jobs: work.jobs)
        let clock = RunClock()
        let summary = try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let meter = Meter("repairing", unit: "items")
            let operation = RepairOperation(feed, options) {
                show($0, meter: meter, console: session.console, failures: failures)
            }
            return try await session.console.showing(meter, isShown: session.showsProgress) {
                try await operation.run()
            }
        }
        show(summary, time: clock.time, on: session.console)
        let status = failures.finish(succeeded: Int(clamping: summary.repaired))
        if !summary.complete { return .failed }
        // It ran to its end; that something stays damaged is its answer.
        return summary.unrepaired + summary.omitted > 0 ? .notGood : status
    }

    private func show(_ event: RepairOperation.Event, meter: Meter, console: Console, failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .repaired(let key, let packages, let source):
            console.emit(
                JSONLine(
                    "repaired",
                    [
                        "key": .string(key), "digest": key.digestOfBlob.map { .string($0) },
                        "packages": .array(packages.map { .string($0) }), "from": .string(source),
                        "dryRun": .bool(dryRun),
                    ]),
                text: "\(dryRun ? "would repair" : "repaired")  \((packages.first ?? key).printable)  from \(source)")
        case .unrepaired(let key, let packages, let error):
            failures.add(LocalName(packages.first ?? key), error, packages: packages)
            meter.add(failures: 1)
        case .incomplete(let error, let packages):
            if console.format == .json { console.emit(error.line(feed, packages: packages), text: nil) }
            console.say(
                Finding.affecting("error: " + error.description.printable, packages: packages, count: packages.count),
                from: .quiet)
        }
    }

    private func show(_ summary: RepairOperation.Summary, time: Duration, on console: Console) {
        console.emit(
            .summary(
                "repair", of: feed, RunFacts(isComplete: summary.complete, isDryRun: dryRun, time: time),
                fields: [
                    "damaged": .integer(summary.damaged), "repaired": .integer(summary.repaired),
                    "quarantined": .integer(summary.quarantined), "unrepaired": .integer(summary.unrepaired),
                    "omitted": .integer(summary.omitted),
                ]),
            text: "\(grouped(summary.damaged)) damaged, \(grouped(summary.repaired)) "
                + "\(dryRun ? "could be repaired" : "repaired"), \(grouped(summary.quarantined)) put in quarantine, "
                + "\(grouped(summary.unrepaired)) without a good copy, in \(time.human)")
        if summary.omitted > 0 {
            console.warn(
                "\(grouped(summary.omitted)) more damaged items were not tried; repair again once these are whole")
        }
    }
}

extension String {
    /// The digest that a blob's key names; nil for any other key.
    fileprivate var digestOfBlob: String? {
        guard hasPrefix("blobs/sha256/"), let slash = lastIndex(of: "/") else { return nil }
        return "sha256:" + self[index(after: slash)...]
    }
}
