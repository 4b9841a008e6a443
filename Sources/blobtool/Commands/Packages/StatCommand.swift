internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct StatCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "stat",
        abstract: "Shows a package's record.",
        discussion: """
            Examples:
              blobtool stat npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool stat npm left-pad-1.3.0.tgz --format json | jq -r .digest
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The package's path.", completion: Completions.paths, transform: Read.path) var path: PackagePath
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let package = try await session.withFeed(feed, root) { try await $0.presentPackage(at: path) }
        session.console.emit(
            package.record.line(revision: package.revision),
            text: package.record.text(revision: package.revision))
        return .done
    }
}
