internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import Synchronization

struct RemoveCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Deletes packages; \"restore\" brings them back while their content is kept.",
        discussion: """
            Examples:
              blobtool rm npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool rm npm --only list.txt --dry-run
              blobtool rm npm old/a.tgz old/b.tgz --failed failed.txt
              blobtool rm npm --only failed.txt
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Argument(help: "The packages' paths; none where --only lists them.", transform: Read.path)
    var path: [PackagePath] = []
    @Flag(help: "Only say what would be deleted.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if path.isEmpty == (items.only == nil) {
            throw ValidationError("The packages are either named, or listed in the file of --only.")
        }
    }

    func run(in session: Session) async throws -> ExitStatus {
        let packages = try await items.selection() ?? path.map { LocalName($0.text) }
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let meter = Meter(dryRun ? "looking" : "deleting")
        meter.update { $0.expectedItems = Int64(packages.count) }
        let count = Mutex(0)
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
        if dryRun { show(removed: count.withLock { $0 }, failed: failures.count, session.console) }
        return failures.finish(succeeded: count.withLock { $0 })
    }

    private func remove(_ name: LocalName, from feed: Feed, _ console: Console) async throws(StoreError) {
        guard let text = name.text else {
            throw StoreError(.invalidKey, "\"\(name)\" is no valid UTF-8, and so no package's path")
        }
        let path = try PackagePath(text)
        if dryRun { try await feed.foreseeRemoval(of: path) } else { try await feed.remove(path, by: signature.by) }
        console.emit(
            JSONLine("removed", ["path": .string(text), "dryRun": dryRun ? true : nil]),
            text: "\(dryRun ? "would remove" : "removed") \(text.printable)")
    }

    private func show(removed: Int, failed: Int, _ console: Console) {
        let (removed, failed) = (Int64(removed), Int64(failed))
        console.emit(
            JSONLine(
                "summary",
                [
                    "command": "rm", "feed": .string(feed.text), "removed": .integer(removed),
                    "failed": .integer(failed), "dryRun": true,
                ]),
            text: "would remove \(grouped(removed)), \(grouped(failed)) failed")
    }
}
