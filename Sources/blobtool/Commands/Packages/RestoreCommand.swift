internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct RestoreCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restores a deleted package or, in a mutable feed, a former revision.",
        discussion: """
            Examples:
              blobtool restore npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool restore snap a.zip --revision 8f14e45f-ceea-467f-9575-2b8a3c1b0c11
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The package's path.", completion: Completions.paths, transform: Read.path) var path: PackagePath
    @Option(help: ArgumentHelp("The revision to restore, as \"log\" shows it.", valueName: "revision"))
    var revision: String?
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let record = try await session.withFeed(feed, root) { feed in
            try await feed.restore(path, revision: revision, by: signature.by)
        }
        session.console.emit(
            JSONLine("restored", ["path": .string(path.text), "digest": .string(record.digest.description)]),
            text: "restored \(path.text.named()) (\(record.digest))")
        return .done
    }
}
