internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct StatsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Counts what feeds hold: packages, content, and what is set aside.",
        discussion: """
            Records are read, and content is listed but not read. "shared" is what packages of a feed have in common \
            with others in it, and so is stored once.

            Examples:
              blobtool stats
              blobtool stats npm pypi
              blobtool stats --format json
            """)

    @Argument(help: "The feeds. Without any: all.", completion: Completions.feeds, transform: Read.feed) var feeds:
        [FeedName] = []
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, nil)
        let table = try await session.withStore(root) { store in
            var table = StatsTable()
            if feeds.isEmpty {
                for try await page in store.feeds() {
                    for name in page { try await count(name, in: store, into: &table, session, failures) }
                }
            } else {
                for name in feeds.withoutRepetitions {
                    try await count(name, in: store, into: &table, session, failures)
                }
            }
            return table
        }
        if session.console.format == .text, table.count > 0 {
            session.console.emit(JSONLine("statsTable"), text: table.text)
        }
        _ = failures.finish(succeeded: table.count)
        return failures.count > 0 ? .failed : .done
    }

    /// One that cannot be counted keeps the others from nothing.
    private func count(
        _ name: FeedName, in store: PackageStore, into table: inout StatsTable, _ session: Session, _ failures: Failures
    ) async throws {
        let meter = Meter("counting \(name)", unit: "items")
        do {
            let operation = StatsOperation(try await store.feed(name)) { event in
                switch event {
                case .progress(let progress): meter.show(progress)
                case .failed(let thing, let error): failures.add("\(name): \(thing)", error)
                }
            }
            let figures = try await session.console.showing(meter, isShown: session.showsProgress) {
                try await operation.run()
            }
            if session.console.format == .json { session.console.emit(figures.line(name), text: nil) }
            table.add(name, figures)
        } catch let error as StoreError where error.code != .cancelled && !error.meetsEveryItem {
            failures.add("feed \(name)", await store.suggesting(error))
        }
    }
}

/// The figures of feeds for people, with their sum where there are several.
private struct StatsTable {
    private var table = Table([
        ("feed", .left), ("packages", .right), ("size", .right), ("deleted", .right), ("former", .right),
        ("blobs", .right), ("stored", .right), ("shared", .right), ("retired", .right), ("quarantined", .right),
        ("staged", .right),
    ])
    private var total = FeedStatistics()
    private(set) var count = 0

    mutating func add(_ feed: FeedName, _ figures: FeedStatistics) {
        table.add([feed.text] + Self.cells(figures))
        total.add(figures)
        count += 1
    }

    var text: String {
        var whole = table
        if count > 1 { whole.add(["all"] + Self.cells(total)) }
        return whole.lines.joined(separator: "\n")
    }

    private static func cells(_ figures: FeedStatistics) -> [String] {
        [
            grouped(figures.packages.count), ByteSize(bytes: figures.packages.bytes).human, grouped(figures.deleted),
            grouped(figures.formerRevisions), grouped(figures.blobs.count), ByteSize(bytes: figures.blobs.bytes).human,
            ByteSize(bytes: figures.sharedBytes).human, ByteSize(bytes: figures.retired.bytes).human,
            ByteSize(bytes: figures.quarantined.bytes).human, ByteSize(bytes: figures.staged.bytes).human,
        ]
    }
}

extension FeedStatistics {
    /// The `stats` line.
    fileprivate func line(_ feed: FeedName) -> JSONLine {
        JSONLine(
            "stats",
            [
                "feed": .string(feed.text), "packages": .integer(packages.count),
                "packageBytes": .integer(packages.bytes), "deleted": .integer(deleted),
                "formerRevisions": .integer(formerRevisions), "unreadable": .integer(unreadable),
                "blobs": .integer(blobs.count), "bytes": .integer(blobs.bytes), "sharedBytes": .integer(sharedBytes),
                "retired": .integer(retired.count), "retiredBytes": .integer(retired.bytes),
                "quarantined": .integer(quarantined.count), "quarantinedBytes": .integer(quarantined.bytes),
                "staged": .integer(staged.count), "stagedBytes": .integer(staged.bytes),
            ])
    }
}
