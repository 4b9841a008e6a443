internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedSetCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Changes a feed's policy, or points it at another root of its own.",
        discussion: """
            --feed-root takes a root with this feed's id or, while the feed holds no packages, an empty place. To \
            move packages, use "blobtool migrate".

            Examples:
              blobtool feed set npm --mutable
              blobtool feed set npm --grace 48h --digests sha1
              blobtool feed set npm --verify 7d --collect
              blobtool feed set npm --retain 'left-pad=10' --retain '@acme/*=50'
              blobtool feed set debian --anonymous-read --replaceable 'dists/**'
              blobtool feed set npm --feed-root /mnt/new/npm
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @OptionGroup var policy: PolicyOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if try policy.feedRoot == nil && policy.policy == FeedPolicy() {
            throw ValidationError(
                "Nothing to set; give --feed-root, or a rule such as --mutable, --grace or --anonymous-read.")
        }
    }

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            if let url = try policy.feedRootURL { _ = try await store.updateFeed(feed, root: url) }
            let record = try await store.updateFeed(feed, policy.policy)
            let holder = try await store.feed(feed).store
            session.console.emit(record.line(in: holder), text: record.text(in: holder))
        }
        return .done
    }
}
