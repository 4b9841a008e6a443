internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedShowCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a feed's policy, root and state.",
        discussion: """
            Examples:
              blobtool feed show npm
              blobtool feed show npm --format json
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let feed = try await store.feed(feed)
            let record = try await feed.record()
            session.console.emit(record.line(in: feed.store), text: record.text(in: feed.store))
        }
        return .done
    }
}
