internal import ArgumentParser
internal import BlobCluster
internal import BlobTerminal

struct ClusterRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Asks the server nodes to check feeds, to collect their garbage, or to delete old versions.",
        discussion: """
            Examples:
              blobtool cluster run check npm --content all
              blobtool cluster run gc npm
              blobtool cluster run retention npm
            """,
        subcommands: [
            ClusterRunCheckCommand.self, ClusterRunCollectCommand.self, ClusterRunRetentionCommand.self,
        ])
}

struct ClusterRunCheckCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Asks the server nodes to check feeds; they share the work on each.",
        discussion: """
            Without --wait it returns once the nodes know of the job. With it, it exits 1 if errors were found, and 2 \
            if not everything could be checked.

            Examples:
              blobtool cluster run check
              blobtool cluster run check npm --content all --wait
            """)

    @Argument(help: "The feeds to check. Without any: all feeds.", completion: Completions.feeds, transform: Read.feed)
    var feed: [FeedName] = []
    @OptionGroup var chosen: ContentOptions
    @Flag(help: "Wait until the nodes are done.") var wait = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            try await JobRequest(store, feed, waits: wait, session).run(CheckRunner(store)) {
                CheckRunner.arguments($0, chosen.content.level)
            }
        }
    }
}

struct ClusterRunCollectCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Asks the server nodes to free content that no package names. Without --delete, they only count.",
        discussion: """
            It does what "blobtool gc" does, on a node. With --wait it exits 1 if something could not be removed, and 2 \
            if the collection failed.

            Examples:
              blobtool cluster run gc npm --wait
              blobtool cluster run gc npm --delete --max-delete 50%
            """)

    @Argument(help: "The feeds. Without any: all feeds.", completion: Completions.feeds, transform: Read.feed) var feed:
        [FeedName] = []
    @OptionGroup var freeing: FreeingOptions
    @Flag(help: "Wait until the nodes are done.") var wait = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            try await JobRequest(store, feed, waits: wait, session).run(CollectRunner(store)) {
                CollectRunner.arguments($0, deletes: freeing.delete, maximumPercent: freeing.maxDelete.value)
            }
        }
    }
}

struct ClusterRunRetentionCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Asks the server nodes to delete old versions, as the feeds' rules say.",
        discussion: """
            It does what "blobtool retain" does, on a node; a feed without a rule is left alone. With --wait it exits 1 \
            if something could not be deleted, and 2 if not everything could be looked at.

            Examples:
              blobtool retain npm --dry-run
              blobtool cluster run retention npm --wait
            """)

    @Argument(help: "The feeds. Without any: all feeds.", completion: Completions.feeds, transform: Read.feed) var feed:
        [FeedName] = []
    @Flag(help: "Wait until the nodes are done.") var wait = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            try await JobRequest(store, feed, waits: wait, session).run(RetentionRunner(store)) {
                RetentionRunner.arguments($0)
            }
        }
    }
}
