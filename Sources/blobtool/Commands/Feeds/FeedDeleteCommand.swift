internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedDeleteCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a feed, its root, and with --purge all that it holds.",
        discussion: """
            A feed that holds packages is refused unless --purge is given; there is no undo.

            Examples:
              blobtool feed delete npm
              blobtool feed delete npm --purge
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Flag(help: "Also delete all packages of the feed, for good.") var purge = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let record = try await store.feed(feed).record()
            try await store.deleteFeed(feed, purge: purge)
            session.console.emit(
                JSONLine(
                    "feed",
                    [
                        "feed": .string(feed.text), "root": .string(store.location(record).description),
                        "source": .string(record.source), "mutable": .bool(record.mutable), "state": "deleted",
                        "epoch": .integer(record.epoch),
                    ]),
                text: "deleted feed \(feed)")
        }
        return .done
    }
}
