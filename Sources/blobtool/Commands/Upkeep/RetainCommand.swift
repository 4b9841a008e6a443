internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct RetainCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "retain",
        abstract: "Deletes old versions, as the feed's rules say; \"restore\" brings them back.",
        discussion: """
            A rule such as npm/*=10 names folders; the newest 10 folders or packages directly in each stay. In a \
            folder of which something cannot be read, nothing is deleted. --retain tries other rules than the feed's. \
            On a terminal the command needs --yes, and without it tells how much would be deleted.

            Examples:
              blobtool retain npm --retain '@acme/*=50' --dry-run
              blobtool feed set npm --retain '@acme/*=50'
              blobtool retain npm --dry-run
              blobtool retain npm
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Flag(help: "Only report what would be deleted.") var dryRun = false
    @Flag(help: "On a terminal, let it delete packages.") var yes = false
    @OptionGroup var retention: RetentionOptions
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Work options") var work: JobOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let clock = RunClock()
        let summary = try await session.withFeed(feed, root) { feed in
            if !dryRun && !yes && session.console.isOnTerminal { try await expectNothing(in: feed, session) }
            return try await retain(in: feed, deletes: !dryRun, session, session.console)
        }
        let run = RunFacts(isComplete: summary.isComplete, isDryRun: dryRun, time: clock.time)
        session.console.emit(summary.line(feed, run), text: summary.text(feed, isDryRun: dryRun))
        if !summary.isComplete { return .failed }
        return summary.failed > 0 ? .notGood : .done
    }

    /// - Parameter console: told of each package; nil for none.
    private func retain(
        in feed: Feed, deletes: Bool, _ session: Session, _ console: Console?
    ) async throws -> RetainOperation.Summary {
        let options = RetainOperation.Options(
            rules: try retention.rules, deletes: deletes, by: "retention (\(signature.by))", jobs: work.jobs)
        let meter = Meter("looking for old versions", unit: "packages")
        let operation = RetainOperation(feed, options) { event in
            switch event {
            case .progress(let progress): meter.show(progress)
            case .expired(let package):
                console?.emit(package.line(isDryRun: !deletes), text: package.text(isDryRun: !deletes))
            case .failed(let thing, let error):
                console?.report(error.naming(thing))
                meter.add(failures: 1)
            case .reached: break
            }
        }
        return try await session.console.showing(meter, isShown: session.showsProgress) { try await operation.run() }
    }

    /// A person who may have mistyped a pattern is told what would go.
    /// - Throws: `invalidArgument` where anything would.
    private func expectNothing(in feed: Feed, _ session: Session) async throws {
        let summary = try await retain(in: feed, deletes: false, session, nil)
        if summary.expired == 0 { return }
        throw StoreError(
            .invalidArgument,
            "\(counted(summary.expired, "package")) of feed \"\(self.feed)\" would be deleted, "
                + "\(ByteSize(bytes: summary.bytes).human); see which with --dry-run, and delete them with --yes")
    }
}

extension StoreError {
    /// With the thing in front that it is about, unless the sentence names it.
    fileprivate func naming(_ thing: String) -> StoreError {
        if message.contains(thing) { return self }
        return StoreError(code, "\(thing): \(message)", isRetryable: isRetryable, cause: cause)
    }
}

extension ExpiredPackage {
    fileprivate func line(isDryRun: Bool) -> JSONLine {
        JSONLine(
            "expired",
            [
                "path": .string(record.path.text), "digest": .string(record.digest.description),
                "size": .integer(record.size), "published": .string(record.published.description),
                "folder": .string(folder), "child": .string(child), "latest": .string(latest.description),
                "rule": .string(rule.description), "dryRun": isDryRun ? true : nil,
            ])
    }

    fileprivate func text(isDryRun: Bool) -> String {
        "\(isDryRun ? "would remove" : "removed") \(record.path.text.named()): \(child.named()) is of \(latest), and the "
            + "newest \(rule.newest) in \(folder.named()) stay"
    }
}

extension RetainOperation.Summary {
    fileprivate func line(_ feed: FeedName, _ run: RunFacts) -> JSONLine {
        .summary(
            "retain", of: feed, run,
            fields: [
                "expired": .integer(expired), "bytes": .integer(bytes), "changed": .integer(changed),
                "failed": .integer(failed), "skipped": .integer(skipped),
            ])
    }

    fileprivate func text(_ feed: FeedName, isDryRun: Bool) -> String {
        var text =
            "feed \(feed): \(isDryRun ? "would remove" : "removed") \(counted(expired, "old package")), "
            + ByteSize(bytes: bytes).human
        if changed > 0 { text += "; \(grouped(changed)) changed meanwhile and stay" }
        if failed > 0 { text += "; \(grouped(failed)) could not be removed" }
        if skipped > 0 { text += "; \(counted(skipped, "folder")) could not be looked at, and all of it stays" }
        return text
    }
}
