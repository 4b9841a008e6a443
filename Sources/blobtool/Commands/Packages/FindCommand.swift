internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FindCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Finds the packages that name content, by its SHA-256.",
        discussion: """
            A digest may be cut to its first 8 digits or more. Deleted packages and former revisions are found, too, \
            and what there is of the content itself: in its place, retired, or in quarantine. The exit code is 0 if \
            every digest is named by a package, 1 if not, and 2 if something could not be read: then nothing is said \
            to be absent.

            Examples:
              blobtool find sha256:c43ec5f383412177
              blobtool find c43ec5f3 --feed npm
              blobtool find $(sha256sum left-pad-1.3.0.tgz | cut -c 1-64)
            """)

    @Argument(
        help: "Digests or their first digits (8 or more), with or without sha256: before them.",
        transform: { try DigestPrefix($0) })
    var digest: [DigestPrefix]
    @Option(
        name: .customLong("feed"), help: ArgumentHelp("Only this feed; can be repeated.", valueName: "feed"),
        completion: Completions.feeds,
        transform: Read.feed)
    var feeds: [FeedName] = []
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, nil)
        let clock = RunClock()
        let search = try await session.withStore(root) { store in
            var search = Search()
            if feeds.isEmpty {
                for try await page in store.feeds() {
                    for name in page { try await look(into: name, of: store, adding: &search, session, failures) }
                }
            } else {
                for name in feeds.withoutRepetitions {
                    try await look(into: name, of: store, adding: &search, session, failures)
                }
            }
            return search
        }
        show(search, failed: failures.count, after: clock.time, on: session.console)
        _ = failures.finish(succeeded: search.feeds)
        if failures.count > 0 { return .failed }
        return search.named.isSuperset(of: digest) ? .done : .notGood
    }

    /// What was found in the feeds that were looked into.
    private struct Search: Sendable {
        var feeds = 0
        var packages: Int64 = 0
        var named: Set<DigestPrefix> = []
    }

    /// One that cannot be looked into keeps the others from nothing.
    private func look(
        into name: FeedName, of store: PackageStore, adding search: inout Search, _ session: Session,
        _ failures: Failures
    ) async throws {
        let meter = Meter("searching \(name)", unit: "records")
        let console = session.console
        do {
            let operation = FindOperation(wanted, in: try await store.feed(name)) { event in
                switch event {
                case .progress(let progress): meter.show(progress)
                case .found(let package):
                    console.emit(package.line(name), text: package.text(name), flush: false)
                case .content(let content): console.emit(content.line(name), text: content.text(name), flush: false)
                case .failed(let path, let error): failures.add("\(name): \(path)", error)
                }
            }
            let found = try await console.showing(meter, isShown: session.showsProgress) { try await operation.run() }
            search.feeds += 1
            search.packages += found.packages
            search.named.formUnion(found.named)
        } catch let error as StoreError where error.code != .cancelled && error.code != .invalidArgument {
            failures.add("feed \(name)", await store.suggesting(error))
        }
    }

    private var wanted: [DigestPrefix] {
        var seen: Set<DigestPrefix> = []
        return digest.filter { seen.insert($0).inserted }
    }

    private func show(_ search: Search, failed: Int, after time: Duration, on console: Console) {
        let isComplete = failed == 0
        for missing in wanted where !search.named.contains(missing) && console.format == .text {
            let found = isComplete ? "no package names it" : "no package that could be read names it"
            console.emit(JSONLine("missing"), text: "\(missing): \(found)", flush: false)
        }
        console.emit(
            .summary(
                "find", of: feeds.count == 1 ? feeds.first : nil, RunFacts(isComplete: isComplete, time: time),
                fields: [
                    "packages": .integer(search.packages), "feeds": .integer(Int64(search.feeds)),
                    "failed": .integer(Int64(failed)),
                ]), text: nil)
        console.flush()
    }
}

extension FoundPackage {
    /// The `found` line.
    fileprivate func line(_ feed: FeedName) -> JSONLine {
        JSONLine(
            "found",
            [
                "feed": .string(feed.text), "path": .string(path.text), "digest": .string(digest.description),
                "size": .integer(size), "revision": revision.map { .string($0) }, "deleted": deleted.map(\.value),
                "state": .string(state.rawValue),
            ])
    }

    fileprivate func text(_ feed: FeedName) -> String {
        let mark =
            switch (state, deleted) {
            case (.former, nil): "  (revision \(revision ?? ""))"
            case (.former, _?): "  (revision \(revision ?? "") of a deleted package)"
            case (_, let act?): "  (deleted \(act.at) by \(act.by.printable))"
            default: ""
            }
        return "\(pad(state.rawValue, to: 7, .left))  \(feed)  \(digest)  \(path.text.named(before: ")"))\(mark)"
    }
}

extension FoundContent {
    /// The `blob` line.
    fileprivate func line(_ feed: FeedName) -> JSONLine {
        JSONLine(
            "blob",
            [
                "feed": .string(feed.text), "digest": .string(digest.description),
                "size": size.map { .integer($0) }, "stored": .bool(size != nil),
                "retired": .integer(Int64(retired)), "quarantined": .integer(Int64(quarantined)),
                "packages": .integer(packages),
            ])
    }

    fileprivate func text(_ feed: FeedName) -> String {
        var facts = [size.map { "stored, \(ByteSize(bytes: $0).human)" } ?? "not in its place"]
        if retired > 0 { facts.append("\(retired) retired") }
        if quarantined > 0 { facts.append("\(quarantined) in quarantine") }
        facts.append("named by \(counted(packages, "package"))")
        return "content  \(feed)  \(digest)  \(facts.joined(separator: "; "))"
    }
}
