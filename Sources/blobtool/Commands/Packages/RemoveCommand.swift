internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal
internal import LocalFiles
internal import Synchronization

struct RemoveCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Deletes packages; \"restore\" brings them back while their content is kept.",
        discussion: """
            A package that is deleted already counts as done, so you can repeat a command that was stopped. --prefix \
            deletes all packages whose paths begin with a text; where these are several, it needs --yes.

            Examples:
              blobtool rm npm left-pad/1.3.0/left-pad-1.3.0.tgz
              blobtool rm npm --only list.txt --dry-run
              blobtool rm npm old/a.tgz old/b.tgz --failed failed.txt
              blobtool rm npm --only failed.txt
              blobtool rm npm --prefix left-pad/ --dry-run
              blobtool rm npm --prefix left-pad/ --yes
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Argument(
        help: "The packages' paths; none with --only or --prefix.", completion: Completions.paths,
        transform: Read.path)
    var path: [PackagePath] = []
    @Option(help: ArgumentHelp("All packages whose paths begin with this text.", valueName: "text"))
    var prefix: String?
    @Flag(help: "Let --prefix delete more than one package.") var yes = false
    @Flag(help: "Only report what would be deleted.") var dryRun = false
    @OptionGroup(title: "Change options") var signature: SignatureOptions
    @OptionGroup(title: "Item options") var items: ItemOptions
    @OptionGroup(title: "Work options") var work: JobOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if [!path.isEmpty, items.only != nil, prefix != nil].count(where: { $0 }) != 1 {
            throw ValidationError("Give the packages as arguments, in the file of --only, or by --prefix.")
        }
        if prefix?.isEmpty == true {
            throw ValidationError("--prefix takes the beginning of paths, which is not empty.")
        }
    }

    var destinations: [Destination] { items.kept.destinations }

    func run(in session: Session) async throws -> ExitStatus {
        let listed = prefix == nil ? try await items.selection() ?? path.map { LocalName($0.text) } : []
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let meter = Meter(dryRun ? "looking" : "deleting")
        if prefix == nil { meter.update { $0.expectedItems = Int64(listed.count) } }
        let count = Mutex(0)
        let clock = RunClock()
        do {
            try await session.withFeed(feed, root) { feed in
                let names = try await names(listed, in: feed, failures)
                try await session.console.showing(meter, isShown: session.showsProgress) {
                    () async throws(StoreError) in
                    var names = names
                    let next = { () async throws(StoreError) in try await names.next() }
                    try await concurrently(work.jobs ?? usualJobs, next) { (name) async throws(StoreError) in
                        let isDone = try await failures.guarding(name) { () async throws(StoreError) in
                            try await remove(name, from: feed, session.console)
                        }
                        if isDone { count.withLock { $0 += 1 } }
                        meter.add(items: 1, failures: isDone ? 0 : 1)
                    }
                }
            }
        } catch {
            return try failures.stop(
                error, succeeded: count.withLock { $0 }, hasMore: prefix != nil || listed.count > 1)
        }
        if dryRun || prefix != nil {
            show(removed: count.withLock { $0 }, failed: failures.count, after: clock.time, on: session.console)
        }
        return failures.finish(succeeded: count.withLock { $0 })
    }

    /// What is to be removed, one after the other.
    private func names(
        _ listed: [LocalName], in feed: Feed, _ failures: Failures
    ) async throws(StoreError) -> AsyncPull<LocalName>.Iterator {
        if let prefix {
            if !dryRun && !yes { try await expectOne(prefix, in: feed) }
            return try await packages(prefix, of: feed, failures).makeAsyncIterator()
        }
        let rest = Mutex(listed[...])
        return AsyncPull { () throws(StoreError) in rest.withLock { $0.popFirst() } }.makeAsyncIterator()
    }

    /// The packages below a prefix that are not deleted. One whose record cannot be read is told as a failure.
    private func packages(
        _ prefix: String, of feed: Feed, _ failures: Failures
    ) async throws(StoreError) -> AsyncPull<LocalName> {
        let pages = try await feed.packages(PackageQuery(prefix: prefix))
        let page = Mutex<ArraySlice<PackageListing>>([])
        return AsyncPull { () async throws(StoreError) in
            while true {
                switch page.withLock({ $0.popFirst() }) {
                case .package(let record): return LocalName(record.path.text)
                case .unreadable(let path, let error): failures.add(path.text, error)
                case nil:
                    var iterator = pages.makeAsyncIterator()
                    guard let next = try await iterator.next() else { return nil }
                    page.withLock { $0 = next[...] }
                }
            }
        }
    }

    /// - Throws: `invalidArgument` where a prefix means several packages.
    private func expectOne(_ prefix: String, in feed: Feed) async throws(StoreError) {
        var count = 0
        for try await page in try await feed.packages(PackageQuery(prefix: prefix)) {
            count += page.count
            if count > 1 { break }
        }
        if count <= 1 { return }
        throw StoreError(
            .invalidArgument,
            "more than one package of feed \"\(self.feed)\" begins with \"\(prefix)\"; see which with --dry-run, and delete "
                + "them with --yes")
    }

    private func remove(_ name: LocalName, from feed: Feed, _ console: Console) async throws(StoreError) {
        guard let text = name.text else {
            throw StoreError(.invalidKey, "\"\(name)\" is not valid UTF-8, so it is not a package path")
        }
        let path = try PackagePath(text)
        let isNew =
            dryRun ? try await feed.previewRemoval(of: path) : try await feed.remove(path, by: signature.by)
        console.emit(
            JSONLine(
                "removed",
                [
                    "path": .string(text), "outcome": isNew ? "deleted" : "unchanged", "dryRun": dryRun ? true : nil,
                ]),
            text: isNew
                ? "\(dryRun ? "would remove" : "removed") \(text.named())" : "\(text.named()) was already deleted")
    }

    private func show(removed: Int, failed: Int, after time: Duration, on console: Console) {
        let (removed, failed) = (Int64(removed), Int64(failed))
        console.emit(
            .summary(
                "rm", of: feed, RunFacts(isDryRun: dryRun, time: time),
                fields: ["removed": .integer(removed), "failed": .integer(failed)]),
            text: "\(dryRun ? "would remove" : "removed") \(grouped(removed)), \(grouped(failed)) failed")
    }
}
