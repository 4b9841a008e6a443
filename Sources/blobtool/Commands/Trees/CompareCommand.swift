internal import ArgumentParser
internal import BlobBackends
internal import BlobStore
internal import BlobTerminal

struct CompareCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two feeds, two roots, or a feed and a tree of files, package by package.",
        discussion: """
            Each of the two is a feed, a root, or a directory: what contains a slash is a place, anything else the name \
            of a feed in the server root. A server root is compared as it stands there, with all of its feeds, even if \
            it was moved away from.

            Packages are compared by digest, as their records have it; files of a tree are read and hashed. "check \
            --content all" tells whether stored content is intact. Deleted packages count as absent, and settings of \
            feeds are not compared.

            Exits 0 if both hold the same, 1 if they differ, and 2 if it could not look at everything.

            Examples:
              blobtool compare npm npm-mirror
              blobtool compare npm /backup/npm
              blobtool compare /mnt/nas/packages s3://packages/prod
              blobtool compare npm /mnt/nas/packages/feeds/npm --format json
            """)

    @Argument(help: "A feed, the URL or path of a root, or a directory of files.") var first: String
    @Argument(help: "What to compare it with: what is missing, different or extra is told of this one.")
    var second: String
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        for side in [first, second] { _ = try Comparand(side) }
    }

    func run(in session: Session) async throws -> ExitStatus {
        let comparands = (first: try Comparand(first), second: try Comparand(second))
        if case (.place(let one), .place(let other)) = comparands {
            return try await compare(one, other, in: session)
        }
        return try await session.withStore(root, limit: work.bwlimit) { store in
            try await compare(
                try await comparands.first.side(in: store), try await comparands.second.side(in: store), in: session)
        }
    }

    private func compare(
        _ one: CompareOperation.Side, _ other: CompareOperation.Side, in session: Session
    ) async throws -> ExitStatus {
        let failures = Failures(session.console, nil)
        let meter = Meter("comparing")
        let operation = CompareOperation(
            one, with: other, as: try Session.node, opener: Session.opener(work.bwlimit), jobs: work.jobs
        ) { show($0, meter: meter, session: session, failures: failures) }
        let clock = RunClock()
        let summary = try await session.console.showing(meter, isShown: session.showsProgress) {
            try await operation.run()
        }
        show(summary, time: clock.time, on: session.console)
        _ = failures.finish(succeeded: Int(clamping: summary.equal))
        if summary.failed > 0 || summary.comparedNothing { return .failed }
        return summary.isEqual ? .done : .notGood
    }

    private func show(_ event: CompareOperation.Event, meter: Meter, session: Session, failures: Failures) {
        switch event {
        case .progress(let progress): meter.show(progress)
        case .difference(let difference): session.console.emit(difference.line, text: difference.text)
        case .failed(let name, let error):
            failures.add(name, error)
            meter.add(failures: 1)
        case .shared(let feed, let root):
            session.console.say("note: both have the feed \"\(feed)\" in the same root \(root), so it is not compared")
        }
    }

    private func show(_ summary: CompareOperation.Summary, time: Duration, on console: Console) {
        let line = JSONLine.summary(
            "compare", of: nil, RunFacts(isComplete: summary.failed == 0 && !summary.comparedNothing, time: time),
            fields: [
                "equal": .integer(summary.equal), "missing": .integer(summary.missing),
                "extra": .integer(summary.extra), "different": .integer(summary.different),
                "shared": .integer(summary.shared), "failed": .integer(summary.failed),
            ])
        let verdict =
            summary.failed > 0
            ? "not everything could be compared"
            : summary.comparedNothing ? "nothing was compared" : summary.isEqual ? "the same" : "not the same"
        let shared = summary.shared > 0 ? ", \(counted(summary.shared, "feed")) in a root of both" : ""
        let failed = summary.failed > 0 ? ", \(grouped(summary.failed)) failed" : ""
        console.emit(
            line,
            text: "\(verdict): \(grouped(summary.equal)) equal, \(grouped(summary.missing)) missing, "
                + "\(grouped(summary.extra)) extra, \(grouped(summary.different)) different\(shared)\(failed) in \(time.human)"
        )
    }
}

/// What was typed for one side of a comparison.
private enum Comparand {
    case feed(FeedName)
    case place(CompareOperation.Side)

    init(_ text: String) throws {
        guard text.contains("/") || text == "." || text == ".." else {
            self = .feed(try Read.feed(text))
            return
        }
        let url = try Read.root(text)
        let isURL = text.contains("://")
        self = .place(isURL ? .root(url) : .directory(text, url))
    }

    func side(in store: PackageStore) async throws(StoreError) -> CompareOperation.Side {
        switch self {
        case .feed(let name): .feed(try await store.feed(name))
        case .place(let side): side
        }
    }
}

extension CompareOperation.Difference {
    fileprivate var line: JSONLine {
        JSONLine(
            "difference",
            ["kind": .string(kind.rawValue), "path": path.map { .string($0) }, "feed": feed.map { .string($0.text) }])
    }

    fileprivate var text: String {
        let place = [feed.map { path == nil ? "the feed \($0)" : "\($0):" }, path?.named()].compactMap { $0 }
        return pad(kind.rawValue, to: 11, .left) + place.joined(separator: " ")
    }
}
