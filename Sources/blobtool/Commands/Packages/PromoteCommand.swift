internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct PromoteCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Publishes a package of one feed in another, without moving its bytes if the storage can.",
        discussion: """
            Examples:
              blobtool promote staging left-pad/1.3.0/left-pad-1.3.0.tgz npm
            """)

    @Argument(help: "The feed that has the package.", completion: Completions.feeds, transform: Read.feed) var feed:
        FeedName
    @Argument(help: "The package's path.", completion: Completions.paths, transform: Read.path) var path: PackagePath
    @Argument(
        help: ArgumentHelp("The feed that gets the package.", valueName: "to-feed"), completion: Completions.feeds,
        transform: Read.feed)
    var destination: FeedName
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let published = try await session.withStore(root, limit: work.bwlimit) { store in
            let target = try await store.feed(destination)
            return try await store.feed(feed).promote(path, to: target, by: signature.by)
        }
        session.console.emit(published.line(), text: published.text())
        return .done
    }
}
