internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct CollectCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Frees content that no package names. Without --delete, only reports what it would free.",
        discussion: """
            Safe while any number of nodes publish. Garbage older than the feed's grace period is first moved aside, \
            where it is still found; a run one grace period later removes it. The first record that cannot be read \
            stops the run, since what it names is unknown.

            Examples:
              blobtool gc
              blobtool gc npm --delete
              blobtool gc npm --delete --max-delete 50%
              blobtool gc --delete --metrics /var/lib/node_exporter/blobstore-gc.prom
            """)

    @Argument(help: "The feeds. Without any: all feeds.", completion: Completions.feeds, transform: Read.feed) var feed:
        [FeedName] = []
    @OptionGroup var freeing: FreeingOptions
    @OptionGroup var metrics: MetricsOptions
    @OptionGroup(title: "Work options") var work: JobOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    var destinations: [Destination] { metrics.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        var outcome: [UpkeepMetrics.Subject] = []
        do {
            let status = try await session.withStore(root) { store in
                let names = feed.isEmpty ? try await store.feeds().flattened() : feed
                return try await collect(names, in: store, session, &outcome)
            }
            try await write(outcome, isComplete: true, session)
            return status
        } catch let error as StoreError where error.code != .cancelled {
            do { try await write(outcome, isComplete: false, session) } catch let other {
                session.console.report(other)
            }
            throw error
        }
    }

    private func collect(
        _ names: [FeedName], in store: PackageStore, _ session: Session, _ outcome: inout [UpkeepMetrics.Subject]
    ) async throws -> ExitStatus {
        var failures = 0
        var isWhole = true
        for name in names {
            do {
                if feed.isEmpty, try await isBeingDeleted(name, in: store, session) { continue }
                let summary = try await collect(try await store.feed(name), session)
                outcome.append(summary.subject(name, deletes: freeing.delete))
                if summary.failed > 0 { isWhole = false }
            } catch let error as StoreError where error.code != .cancelled {
                outcome.append(.init(name, isComplete: false, isGood: false))
                if names.count == 1 || error.meetsEveryItem { throw error }
                failures += 1
                session.console.report(await store.suggesting(error))
            }
        }
        let status = ExitStatus(succeeded: names.count - failures, failed: failures)
        return status == .done && !isWhole ? .notGood : status
    }

    /// - Parameter isComplete: whether each feed was come to.
    private func write(
        _ outcome: [UpkeepMetrics.Subject], isComplete: Bool, _ session: Session
    ) async throws(StoreError) {
        let told = Set(outcome.compactMap(\.feed))
        let missed = feed.filter { !told.contains($0) }
        var subjects = outcome + missed.map { .init($0, isComplete: false, isGood: false) }
        if feed.isEmpty {
            subjects.insert(.init(nil, isComplete: isComplete, isGood: isComplete && freeing.delete), at: 0)
        }
        try await metrics.write(UpkeepMetrics("gc", ended: .now, subjects: subjects), session)
    }

    /// What a deletion that did not end has left is freed by finishing it.
    private func isBeingDeleted(
        _ name: FeedName, in store: PackageStore, _ session: Session
    ) async throws(StoreError) -> Bool {
        let record = try await store.feed(name).record()
        guard record.state == .deleting else { return false }
        session.console.say("nothing is collected, because \(record.isBeingDeleted.message)")
        return true
    }

    private func collect(_ feed: Feed, _ session: Session) async throws -> CollectOperation.Summary {
        let console = session.console
        let options = CollectOperation.Options(
            deletes: freeing.delete, maximumPercent: freeing.maxDelete.value, jobs: work.jobs)
        let meter = Meter("collecting", unit: "items")
        let operation = CollectOperation(feed, options) { event in
            switch event {
            case .progress(let progress): meter.show(progress)
            case .garbage(let key, let size, let age):
                console.emit(
                    JSONLine(
                        "garbage",
                        [
                            "feed": .string(feed.name.text), "key": .string(key), "size": .integer(size),
                            "age": .integer(age.components.seconds), "dryRun": freeing.delete ? nil : true,
                        ]),
                    text: "\(key.printable)  \(ByteSize(bytes: size).human), \(age.human) old")
            case .failed(_, let error):
                console.report(error)
                meter.add(failures: 1)
            }
        }
        let clock = RunClock()
        let summary = try await console.showing(meter, isShown: session.showsProgress) { try await operation.run() }
        let run = RunFacts(isDryRun: !freeing.delete, time: clock.time)
        console.emit(summary.line(feed.name, run), text: summary.text(feed.name, isDryRun: !freeing.delete))
        return summary
    }
}

/// Whether a collection frees anything, and how much at most.
struct FreeingOptions: ParsableArguments, Sendable {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Refuse to delete more than this share of all blobs or bytes; the default is 20%.", valueName: "share"),
        transform: { try Percentage(writtenAs: $0) })
    var maxDelete = Percentage(value: 20)
    @Flag(help: "Free it.") var delete = false
}

extension CollectOperation.Summary {
    fileprivate func line(_ feed: FeedName, _ run: RunFacts) -> JSONLine {
        .summary(
            "gc", of: feed, run,
            fields: [
                "candidates": .integer(candidates), "deleted": .integer(deleted), "bytes": .integer(bytes),
                "retired": .integer(retired), "restored": .integer(restored), "failed": .integer(failed),
            ])
    }

    fileprivate func text(_ feed: FeedName, isDryRun: Bool) -> String {
        let found = "feed \(feed): \(counted(candidates, "piece")) of garbage, \(ByteSize(bytes: bytes).human)"
        if isDryRun { return found + "; nothing was freed (use --delete)" }
        return found + "; \(grouped(deleted)) removed, \(grouped(retired)) moved aside until the grace period is over, "
            + "\(grouped(restored)) put back" + (failed > 0 ? ", \(grouped(failed)) could not be removed" : "")
    }
}
