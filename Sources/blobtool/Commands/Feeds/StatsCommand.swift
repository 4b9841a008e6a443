internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import Synchronization

struct StatsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Counts what feeds hold: packages, content, and what is set aside.",
        discussion: """
            Records are read, and content is listed but not read. A record or folder that cannot be read is named, the \
            rest is counted, and the exit code is 2. "shared" is what packages of a feed have in common \
            with others in it, and so is stored once. --by-folder adds what each folder at the top of a feed holds; \
            a person sees the 20 largest.

            Examples:
              blobtool stats
              blobtool stats npm pypi
              blobtool stats npm --by-folder
              blobtool stats --format json
            """)

    @Argument(help: "The feeds. Without any: all.", completion: Completions.feeds, transform: Read.feed) var feeds:
        [FeedName] = []
    @Flag(help: "Also tell what each folder at the top of a feed holds.") var byFolder = false
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
            for (feed, folders) in table.folders where !folders.isEmpty {
                session.console.emit(JSONLine("statsTable"), text: folders.text(of: feed))
            }
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
            let folders = Mutex(LargestFolders())
            let operation = StatsOperation(try await store.feed(name), tellsFolders: byFolder) { event in
                switch event {
                case .progress(let progress): meter.show(progress)
                case .folder(let folder, let amount):
                    folders.withLock { $0.add(folder, amount) }
                    if session.console.format == .json {
                        session.console.emit(amount.line(folder, in: name), text: nil)
                    }
                case .failed(let thing, let error): failures.add("\(name): \(thing)", error)
                }
            }
            let figures = try await session.console.showing(meter, isShown: session.showsProgress) {
                try await operation.run()
            }
            if session.console.format == .json { session.console.emit(figures.line(name), text: nil) }
            table.add(name, figures)
            if byFolder { table.folders.append((name, folders.withLock { $0 })) }
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
    var folders: [(feed: FeedName, folders: LargestFolders)] = []

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

/// The folders of a feed that hold the most bytes, and what the others hold together.
private struct LargestFolders: Sendable {
    private static let limit = 20

    private var largest: [(name: String, amount: FeedStatistics.Amount)] = []
    private var others = FeedStatistics.Amount()
    private var otherCount: Int64 = 0

    var isEmpty: Bool { largest.isEmpty }

    mutating func add(_ name: String, _ amount: FeedStatistics.Amount) {
        let place = largest.firstIndex { $0.amount.bytes < amount.bytes } ?? largest.endIndex
        largest.insert((name, amount), at: place)
        guard largest.count > Self.limit, let last = largest.popLast() else { return }
        others.add(last.amount)
        otherCount += 1
    }

    func text(of feed: FeedName) -> String {
        var table = Table([("in \(feed)", .left), ("packages", .right), ("size", .right)])
        for (name, amount) in largest { table.add(Self.row(name.isEmpty ? "no folder" : name.named(), amount)) }
        if otherCount > 0 { table.add(Self.row(counted(otherCount, "other folder"), others)) }
        return "\n" + table.lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ amount: FeedStatistics.Amount) -> [String] {
        [name, grouped(amount.count), ByteSize(bytes: amount.bytes).human]
    }
}

extension FeedStatistics.Amount {
    /// The `folder` line.
    fileprivate func line(_ folder: String, in feed: FeedName) -> JSONLine {
        JSONLine(
            "folder",
            [
                "feed": .string(feed.text), "folder": .string(folder), "packages": .integer(count),
                "bytes": .integer(bytes),
            ])
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
