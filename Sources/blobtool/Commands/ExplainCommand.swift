internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct ExplainCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Shows where a feed's root is, which setting chose it, and whether it is the right root.",
        discussion: """
            Exits 1 when the root found there is not the one that the catalog names.

            Examples:
              blobtool explain npm
              blobtool explain npm --root /mnt/nas/packages --format json
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let source = try await root.settings().root.source
        let explanation = try await session.withStore(root) { try await $0.explain(feed, serverSource: source) }
        session.console.emit(explanation.line, text: explanation.text)
        return explanation.matches ? .done : .notGood
    }
}

extension Explanation {
    fileprivate var line: JSONLine {
        JSONLine(
            "explain",
            [
                "feed": .string(feed.text), "root": .string(root.description), "source": .string(source.rawValue),
                "setBy": .string(setBy.description), "expectedId": .string(expectedID),
                "foundId": foundID.map { .string($0) } ?? .null, "matches": .bool(matches),
                "problem": problem.map { .string($0.description) },
                "destination": destination.map { .string($0.description) },
                "former": .array(formerRoots.map { .string($0.description) }),
            ])
    }

    fileprivate var text: String {
        let origin = source == .feed ? "the feed's own root" : "in the server root"
        let verdict = matches ? "yes" : "NO" + (problem.map { ": \($0)" } ?? "")
        return """
            feed      \(feed)
            root      \(root)
            source    \(source.rawValue) (\(origin))
            set by    \(setBy)
            expected  \(expectedID)
            found     \(foundID ?? "nothing")
            matches   \(verdict.printable)
            """ + (destination.map { "\ncopying   to \($0.description.printable)" } ?? "")
                + formerRoots.map { "\nformer    \($0.description.printable)" }.joined()
    }
}
