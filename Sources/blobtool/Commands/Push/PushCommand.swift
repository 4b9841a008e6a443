internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct PushCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Publishes files, each under its name, or trees of files under their paths.",
        discussion: """
            Other content at the path of an immutable feed is a conflict; the same content again is a success.

            Examples:
              blobtool push npm left-pad-1.3.0.tgz --prefix left-pad/1.3.0
              blobtool push maven -r target/repository --jobs 8 --dry-run
              make-package | blobtool push generic - --as tools/build-42.zip
              blobtool push npm a.tgz --digest sha256:<64 hex digits>
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Argument(help: ArgumentHelp("The files; - is standard input.", valueName: "file"), completion: .file())
    var files: [String]

    @Option(help: ArgumentHelp("Goes before each path.", valueName: "path")) var prefix: String?
    @Option(
        name: .customLong("as"), help: ArgumentHelp("The path to publish the one file under.", valueName: "path"),
        transform: Read.path)
    var path: PackagePath?
    @Option(help: ArgumentHelp("The digest that the one file must have.", valueName: "digest"), transform: Read.digest)
    var digest: Digest?
    @Flag(name: .shortAndLong, help: "Publish the files in directories too, under their paths below them.")
    var recursive = false
    @Flag(help: "Below directories, take files that symbolic links lead to.") var followLinks = false
    @Option(help: ArgumentHelp("The content type to keep with the packages.", valueName: "type"))
    var contentType: String?
    @Flag(help: "Only say what would be done; the files are read and hashed.") var dryRun = false

    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if files.contains("-") {
            if files.count > 1 {
                throw ValidationError("Standard input (-) goes alone: push files in a run of their own.")
            }
            if path == nil { throw ValidationError("Standard input (-) has no name: give the path with --as.") }
        }
        for (option, isGiven) in [("--as", path != nil), ("--digest", digest != nil)] where isGiven {
            if files.count > 1 || recursive { throw ValidationError("\(option) goes with one file only.") }
        }
        if path != nil && prefix != nil { throw ValidationError("--as gives the whole path: leave out --prefix.") }
    }

    func run(in session: Session) async throws -> ExitStatus {
        let push = Push(
            files: files, isRecursive: recursive, followsLinks: followLinks, prefix: prefix, path: path,
            expected: digest, details: PublicationDetails(by: signature.by, contentType: contentType),
            isDryRun: dryRun)
        return try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            try await push.run(in: feed, session, items, jobs: work.jobs ?? 8)
        }
    }
}
