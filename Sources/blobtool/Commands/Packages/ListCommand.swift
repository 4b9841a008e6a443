internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ListCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Lists the packages of a feed in key order, which is the same on every storage.",
        discussion: """
            A path with control characters is printed as a JSON string, as --only reads it.

            Examples:
              blobtool ls npm
              blobtool ls npm left-pad/ -l
              blobtool ls npm --include '*.tgz' --exclude '@internal/**'
              blobtool ls npm --names | sort
              blobtool ls npm --after left-pad/1.3.0/left-pad-1.3.0.tgz --limit 1000
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "Only paths that begin with this text.", completion: Completions.paths) var prefix: String?
    @Flag(name: [.customShort("l"), .customLong("long")], help: "Show size, time and digest, too.") var long = false
    @Flag(help: "List deleted packages, too.") var deleted = false
    @Flag(help: "List paths only, including deleted ones, without reading records.") var names = false
    @Option(help: ArgumentHelp("Only paths after this one, in key order.", valueName: "path"), transform: Read.path)
    var after: PackagePath?
    @Option(parsing: .unconditional, help: ArgumentHelp("List at most this many.", valueName: "n"))
    var limit: Int?

    @OptionGroup(title: "Filter options") var filter: FilterOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit takes a number of 0 or more, not \(limit).") }
        if names && long { throw ValidationError("--names reads no records, so it has nothing to show with -l.") }
    }

    func run(in session: Session) async throws -> ExitStatus {
        let query = PackageQuery(
            prefix: prefix ?? "", after: after, includesDeleted: deleted, filter: filter.filter)
        let failures = Failures(session.console, nil)
        let count = try await session.withFeed(feed, root) { feed in
            if names {
                return try await show(try await feed.paths(query), session.console) { path in
                    session.console.emit(
                        JSONLine("package", ["path": .string(path.text)]), text: path.text.named(), flush: false)
                    return true
                }
            }
            return try await show(try await feed.packages(query), session.console) {
                show($0, on: session.console, failures: failures)
            }
        }
        return failures.finish(succeeded: count)
    }

    /// Shows page by page up to the limit.
    /// - Returns: how many could be shown.
    private func show<Element: Sendable>(
        _ pages: AsyncPull<[Element]>, _ console: Console, _ show: (Element) -> Bool
    ) async throws(StoreError) -> Int {
        var left = limit ?? Int.max
        var count = 0
        if left == 0 { return 0 }
        for try await page in pages {
            if Task.isCancelled { throw StoreError(.cancelled, "the listing was cancelled") }
            for element in page.prefix(left) where show(element) { count += 1 }
            console.flush()
            left -= min(left, page.count)
            if left == 0 { break }
        }
        return count
    }

    private func show(_ listing: PackageListing, on console: Console, failures: Failures) -> Bool {
        switch listing {
        case .package(let record):
            console.emit(record.line(), text: long ? record.longText : record.shortText, flush: false)
            return true
        case .unreadable(let path, let error):
            failures.add(path.text, error)
            return false
        }
    }
}
