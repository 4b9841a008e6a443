internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct RepairCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Sets damaged content aside and brings good copies back.",
        discussion: """
            Reads and hashes all content of the feed. Good copies come from the roots named with --from (server roots \
            or feed roots), then from the other feeds of this root. What is damaged goes to quarantine and is never \
            deleted; what has no good copy is listed, and is healed by publishing it again.

            Examples:
              blobtool repair npm --dry-run
              blobtool repair npm --from /mnt/backup/packages
              blobtool repair npm --from /mnt/old/npm --from /mnt/backup --failed lost.txt
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Option(
        help: ArgumentHelp("A root to take good copies from; may be given more than once.", valueName: "url"),
        transform: Read.root)
    var from: [RootURL] = []
    @Flag(help: "Only say what is damaged, and where good copies are.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var kept: FailedOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, kept.failed)
        defer { failures.keepPartialFile() }
        let options = RepairOperation.Options(
            by: signature.by, sources: from, isDryRun: dryRun, jobs: work.jobs ?? 8)
        let start = ContinuousClock.now
        let summary = try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let meter = Meter("repairing", unit: "items")
            let operation = RepairOperation(feed, options) { show($0, meter, session.console, failures) }
            return try await session.console.showing(meter, isShown: session.showsProgress) {
                try await operation.run()
            }
        }
        show(summary, ContinuousClock.now - start, session.console)
        let status = failures.finish(succeeded: Int(clamping: summary.repaired))
        if !summary.complete { return .failed }
        // It ran to its end; that something stays damaged is its answer.
        return summary.unrepaired + summary.omitted > 0 ? .notGood : status
    }

    private func show(_ event: RepairOperation.Event, _ meter: Meter, _ console: Console, _ failures: Failures) {
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
                Finding.affecting("error: " + error.description.printable, packages, packages.count), from: .quiet)
        }
    }

    private func show(_ summary: RepairOperation.Summary, _ time: Duration, _ console: Console) {
        console.emit(
            JSONLine(
                "summary",
                [
                    "command": "repair", "feed": .string(feed.text), "damaged": .integer(summary.damaged),
                    "repaired": .integer(summary.repaired), "quarantined": .integer(summary.quarantined),
                    "unrepaired": .integer(summary.unrepaired), "omitted": .integer(summary.omitted),
                    "complete": .bool(summary.complete),
                    "seconds": .number(time.inSeconds), "dryRun": .bool(dryRun),
                ]),
            text: "\(grouped(summary.damaged)) damaged, \(grouped(summary.repaired)) "
                + "\(dryRun ? "could be repaired" : "repaired"), \(grouped(summary.quarantined)) put in quarantine, "
                + "\(grouped(summary.unrepaired)) without a good copy, in \(time.human)")
        if summary.omitted > 0 {
            console.warn(
                "\(grouped(summary.omitted)) more that are damaged were not tried: repair again once those are whole")
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
