internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct PullCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetches a package, verified: the file appears when it is whole, or not at all.",
        discussion: """
            Examples:
              blobtool pull npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool pull npm left-pad/1.3.0/left-pad-1.3.0.tgz -o /tmp/left-pad.tgz
              blobtool pull npm left-pad/1.3.0/left-pad-1.3.0.tgz -o - | tar tz
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Argument(help: "The package's path.", transform: Read.path) var path: PackagePath
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Where to; - is standard output. Else the package's own name, here.", valueName: "file"),
        completion: .file())
    var destination: String?

    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if destination == "-" && output.format == .json {
            throw ValidationError("-o - and --format json both want standard output: leave out one.")
        }
        if destination?.isEmpty == true { throw ValidationError("-o takes the name of a file, or -.") }
    }

    func run(in session: Session) async throws -> ExitStatus {
        let file = destination ?? path.name
        try await session.withFeed(feed, root, limit: work.bwlimit) { feed in
            let package = try await feed.presentPackage(at: path)
            let meter = Meter("pulling")
            meter.update { $0.expectedBytes = package.size }
            try await session.console.showing(meter, isShown: session.showsProgress) {
                try await fetch(package, to: file, meter, session.console)
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
                    "pulled \(path.text.printable) to \(file.printable) (\(ByteSize(bytes: package.size).human), verified)"
            )
        }
        return .done
    }

    private func fetch(_ package: Package, to file: String, _ meter: Meter, _ console: Console) async throws {
        if file == "-" {
            try await package.read(meter) { (chunk) async throws(StoreError) in try await console.passing(chunk) }
        } else {
            try await LocalDestination.write(file) { (append) async throws(StoreError) in
                try await package.read(meter, append)
            }
        }
    }
}

extension Package {
    /// Hands all content on, the last chunk only after the digest matched.
    fileprivate func read(
        _ meter: Meter, _ take: ([UInt8]) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        do {
            try await withContent { content in
                for try await chunk in content.chunks.counted({ meter.add(bytes: $0) }) { try await take(chunk) }
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.failed, "\"\(path)\" could not be read: \(error)", cause: .other("\(error)"))
        }
    }
}
