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
              blobtool rm npm old/a.tgz old/b.tgz --failed failed.txt
              blobtool rm npm --only failed.txt
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Argument(help: "The packages' paths; none where --only lists them.", transform: Read.path)
    var path: [PackagePath] = []
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
        let count = Mutex(0)
        let by = signature.by
        do {
            try await session.withFeed(feed, root) { feed in
                try await concurrently(8, packages) { (name) async throws(StoreError) in
                    let isDone = try await failures.guarding(name) { () async throws(StoreError) in
                        guard let text = name.text else {
                            throw StoreError(.invalidKey, "\"\(name)\" is no valid UTF-8, and so no package's path")
                        }
                        try await feed.remove(try PackagePath(text), by: by)
                        session.console.emit(
                            JSONLine("removed", ["path": .string(text)]), text: "removed \(text.printable)")
                    }
                    if isDone { count.withLock { $0 += 1 } }
                }
            }
        } catch {
            return try failures.stop(error, succeeded: count.withLock { $0 }, hasMore: packages.count > 1)
        }
        return failures.finish(succeeded: count.withLock { $0 })
    }
}
