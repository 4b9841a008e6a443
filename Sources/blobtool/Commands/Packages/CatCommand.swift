internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct CatCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Writes a package to standard output, verified.",
        discussion: """
            The last bytes come only after the digest of all of them matched; if it does not, the command ends with an \
            error, and what came before is not the package.

            Examples:
              blobtool cat npm left-pad/1.3.0/left-pad-1.3.0.tgz | tar tz
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The package's path.", completion: Completions.paths, transform: Read.path) var path: PackagePath
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if output.format == .json {
            throw ValidationError("cat and --format json both write to standard output; leave out --format json.")
        }
    }

    var destinations: [Destination] { [Destination("cat", "-")].compactMap { $0 } }

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let package = try await feed.presentPackage(at: path)
            let meter = Meter("reading")
            meter.update { $0.expectedBytes = package.size }
            try await session.console.showing(meter, isShown: session.showsProgress) {
                try await package.fetch(to: "-", meter, session.console)
            }
        }
        return .done
    }
}
