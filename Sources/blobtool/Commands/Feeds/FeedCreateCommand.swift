internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedCreateCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Creates a feed, in the server root or in a root of its own.",
        discussion: """
            Examples:
              blobtool feed create npm
              blobtool feed create snapshots --mutable --grace 7d
              blobtool feed create pypi --feed-root /mnt/big/pypi --digests sha512,md5
            """)

    @Argument(help: "The feed's name.", transform: Read.feed) var feed: FeedName
    @OptionGroup var policy: PolicyOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let record = try await store.createFeed(feed, root: policy.feedRootURL, policy.policy)
            let holder = try await store.feed(feed).store
            session.console.emit(record.line(in: holder), text: "created feed \(feed) at \(holder.location(record))")
        }
        return .done
    }
}
