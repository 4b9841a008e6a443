internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles

struct PullCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetches and verifies a package. The file appears whole or not at all.",
        discussion: """
            Examples:
              blobtool pull npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool pull npm left-pad/1.3.0/left-pad-1.3.0.tgz -o /tmp/left-pad.tgz
              blobtool pull npm left-pad/1.3.0/left-pad-1.3.0.tgz -o - | tar tz
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(help: "The package's path.", completion: Completions.paths, transform: Read.path) var path: PackagePath
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "The file to write; - is standard output. Default: the package's own name, here.", valueName: "file"),
        completion: .file())
    var destination: String?

    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if destination == "-" && output.format == .json {
            throw ValidationError("-o - and --format json both write to standard output; leave out one.")
        }
        if destination?.isEmpty == true { throw ValidationError("-o takes the name of a file, or -.") }
    }

    var destinations: [Destination] { [Destination("-o", destination ?? path.name)].compactMap { $0 } }

    func run(in session: Session) async throws -> ExitStatus {
        let file = destination ?? path.name
        try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let package = try await feed.presentPackage(at: path)
            let meter = Meter("pulling")
            meter.update { $0.expectedBytes = package.size }
            try await session.console.showing(meter, isShown: session.showsProgress) {
                try await package.fetch(to: file, meter, session.console)
            }
            if file == "-" { return }
            session.console.emit(
                JSONLine(
                    "pulled",
                    [
                        "path": .string(path.text), "digest": .string(package.digest.description),
                        "size": .integer(package.size), "file": .string(file),
                    ]),
                text:
                    "pulled \(path.text.named()) to \(file.named()) (\(ByteSize(bytes: package.size).human), verified)"
            )
        }
        return .done
    }
}

extension Package {
    /// Writes the content, verified, into a file that appears whole or not at all, or to standard output for `-`.
    func fetch(to file: String, _ meter: Meter, _ console: Console) async throws(StoreError) {
        if file == "-" {
            try await read(meter) { (chunk) async throws(StoreError) in try await console.passing(chunk) }
        } else {
            try await LocalDestination.write(file) { (append) async throws(StoreError) in
                try await read(meter, append)
            }
        }
    }

    /// Hands all content on, the last chunk only after the digest matched.
    private func read(
        _ meter: Meter, _ take: ([UInt8]) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        try await read { (content) async throws(StoreError) in
            for try await chunk in content.chunks.counted({ meter.add(bytes: $0) }) { try await take(chunk) }
        }
    }
}
