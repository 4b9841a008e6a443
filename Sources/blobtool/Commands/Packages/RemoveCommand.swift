internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles
internal import Synchronization

struct RemoveCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Deletes packages; \"restore\" brings them back while their content is kept.",
        discussion: """
            A package that is deleted already counts as done, so you can repeat a command that was stopped.

            Examples:
              blobtool rm npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool rm npm --only list.txt --dry-run
              blobtool rm npm old/a.tgz old/b.tgz --failed failed.txt
              blobtool rm npm --only failed.txt
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(
        help: "The packages' paths; none if --only lists them.", completion: Completions.paths, transform: Read.path)
    var path: [PackagePath] = []
    @Flag(help: "Only report what would be deleted.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if path.isEmpty == (items.only == nil) {
            throw ValidationError("Give the packages either as arguments or in the file of --only.")
        }
    }

    var destinations: [Destination] { items.kept.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let packages = try await items.selection() ?? path.map { LocalName($0.text) }
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let meter = Meter(dryRun ? "looking" : "deleting")
        meter.update { $0.expectedItems = Int64(packages.count) }
        let count = Mutex(0)
        let clock = RunClock()
        do {
            try await session.withFeed(feed, root) { feed in
                try await session.console.showing(meter, isShown: session.showsProgress) {
                    () async throws(StoreError) in
                    try await concurrently(8, packages) { (name) async throws(StoreError) in
                        let isDone = try await failures.guarding(name) { () async throws(StoreError) in
                            try await remove(name, from: feed, session.console)
                        }
                        if isDone { count.withLock { $0 += 1 } }
                        meter.add(items: 1, failures: isDone ? 0 : 1)
                    }
                }
            }
        } catch {
            return try failures.stop(error, succeeded: count.withLock { $0 }, hasMore: packages.count > 1)
        }
        if dryRun {
            show(removed: count.withLock { $0 }, failed: failures.count, after: clock.time, on: session.console)
        }
        return failures.finish(succeeded: count.withLock { $0 })
    }

    private func remove(_ name: LocalName, from feed: Feed, _ console: Console) async throws(StoreError) {
        guard let text = name.text else {
            throw StoreError(.invalidKey, "\"\(name)\" is not valid UTF-8, so it is not a package path")
        }
        let path = try PackagePath(text)
        let isNew =
            dryRun ? try await feed.previewRemoval(of: path) : try await feed.remove(path, by: signature.by)
        console.emit(
            JSONLine(
                "removed",
                [
                    "path": .string(text), "outcome": isNew ? "deleted" : "unchanged", "dryRun": dryRun ? true : nil,
                ]),
            text: isNew
                ? "\(dryRun ? "would remove" : "removed") \(text.named())" : "\(text.named()) was already deleted")
    }

    private func show(removed: Int, failed: Int, after time: Duration, on console: Console) {
        let (removed, failed) = (Int64(removed), Int64(failed))
        console.emit(
            .summary(
                "rm", of: feed, RunFacts(isDryRun: true, time: time),
                fields: ["removed": .integer(removed), "failed": .integer(failed)]),
            text: "would remove \(grouped(removed)), \(grouped(failed)) failed")
    }
}
