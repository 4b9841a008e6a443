internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct LogCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Shows the history of a path, latest first.",
        discussion: """
            Examples:
              blobtool log npm left-pad/1.3.0/left-pad-1.3.0.tgz
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The package's path.", completion: Completions.paths, transform: Read.path) var path: PackagePath
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let states = try await session.withFeed(feed, root) { try await $0.log(path) }
        guard !states.isEmpty else {
            throw StoreError(.notFound, "nothing was ever published at \"\(path)\" in feed \"\(feed)\"")
        }
        for state in states { session.console.emit(state.line(path), text: state.text, flush: false) }
        session.console.flush()
        return .done
    }
}

extension PackageRecord.State {
    /// A deletion names no content.
    fileprivate func line(_ path: PackagePath) -> JSONLine {
        JSONLine(
            "revision",
            [
                "path": .string(path.text), "digest": deleted == nil ? .string(digest.description) : nil,
                "size": deleted == nil ? .integer(size) : nil, "revision": .string(revision),
                "at": .string(act.at.description), "by": .string(act.by), "deleted": .bool(deleted != nil),
                "restored": .bool(restored != nil),
            ])
    }

    fileprivate var text: String {
        let deed = deleted != nil ? "deleted  " : restored != nil ? "restored " : "published"
        let content = deleted == nil ? "  \(digest)  \(ByteSize(bytes: size).human)" : ""
        return "\(act.at)  \(deed)  \(revision)  by \(act.by.printable)\(content)"
    }
}
