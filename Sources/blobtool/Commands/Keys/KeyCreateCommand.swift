public import ArgumentParser
public import BlobCluster
internal import BlobTerminal

struct KeyCreateCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Creates an API key, and prints it once.",
        discussion: """
            Only a hash of the key is stored: who loses it needs another one. Each scope includes those before it: \
            read, publish, manage.

            Examples:
              blobtool key create --feed npm --scope publish --expires 90d --name ci
              blobtool key create --scope read --name mirror
            """)

    @Option(help: "The feed; without it, all feeds.", transform: Read.feed) var feed: FeedName?
    @Option(help: ArgumentHelp("What it allows: read, publish or manage.", valueName: "scope"))
    var scope: KeyRecord.Scope
    @Option(help: ArgumentHelp("After how long it is refused; without it, never.", valueName: "time"))
    var expires: String?
    @Option(help: ArgumentHelp("What to call it.", valueName: "text")) var name = ""
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let end = try expires.map { text in
            Timestamp(seconds: Timestamp.now.seconds + (try Duration(writtenAs: text)).components.seconds)
        }
        try await session.withStore(root) { store in
            // A key for a feed that does not exist is a misspelt one.
            if let feed { _ = try await store.feed(feed) }
            let issued = try await APIKeys(of: store).create(
                name, [KeyRecord.Grant(scope, in: feed)], by: Account.name, expires: end)
            session.console.emit(issued.record.line(token: issued.token), text: issued.token)
        }
        return .done
    }
}

extension KeyRecord.Scope: ExpressibleByArgument {}
