internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct QuarantineListCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists what is in quarantine, since when, and whether it is still needed.",
        discussion: """
            Records are read, and so is the blob in its place. The state says: "replaced", a good blob is in place; \
            "unnamed", no package names it; "needed", a package names it and this damaged copy is all there is; \
            "good", this copy is good after all, and "repair" brings it back; "unknown", records could not be read.

            Examples:
              blobtool quarantine list
              blobtool quarantine list npm pypi
              blobtool quarantine list npm --format json
            """)

    @Argument(help: "The feeds. Without any: all.", completion: Completions.feeds, transform: Read.feed)
    var feeds: [FeedName] = []
    @OptionGroup(title: "Work options") var work: WorkOptions
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        let failures = Failures(session.console, nil)
        let look = QuarantineLook(session: session, failures: failures, options: .init(jobs: work.jobs ?? 4))
        let seen = try await session.withStore(root, limit: work.bwlimit) { store in
            var seen = 0
            if feeds.isEmpty {
                for try await page in store.feeds() {
                    for name in page where try await look.run(name, in: store) != nil { seen += 1 }
                }
            } else {
                for name in feeds.withoutRepetitions where try await look.run(name, in: store) != nil { seen += 1 }
            }
            return seen
        }
        _ = failures.finish(succeeded: seen)
        return failures.count > 0 ? .failed : .done
    }
}

/// A look into the quarantine of one feed after the other, which shows what is found.
struct QuarantineLook {
    let session: Session
    let failures: Failures
    let options: QuarantineOperation.Options

    /// One that cannot be looked at keeps the others from nothing.
    /// - Returns: what it came to; nil where the feed could not be looked at.
    func run(_ name: FeedName, in store: PackageStore) async throws -> QuarantineOperation.Summary? {
        let meter = Meter("looking at the quarantine of \(name)", unit: "items")
        let (console, failures) = (session.console, failures)
        let isDryRun = options.removing?.isDryRun ?? false
        do {
            let operation = QuarantineOperation(try await store.feed(name), options) { event in
                switch event {
                case .progress(let progress): meter.show(progress)
                case .kept(let content): console.emit(content.line(name), text: content.text(name))
                case .removed(let content):
                    console.emit(content.purgedLine(name, isDryRun), text: content.purgedText(name, isDryRun))
                case .failed(let key, let error): failures.add("\(name): \(key)", error)
                case .unreadable(let path, let error): failures.add("\(name): \(path)", error)
                }
            }
            return try await console.showing(meter, isShown: session.showsProgress) { try await operation.run() }
        } catch let error as StoreError where error.code != .cancelled {
            failures.add("feed \(name)", await store.suggesting(error))
            return nil
        }
    }
}

extension QuarantinedContent {
    /// The `quarantined` line.
    fileprivate func line(_ feed: FeedName) -> JSONLine {
        JSONLine(
            "quarantined",
            [
                "feed": .string(feed.text), "key": .string(key), "digest": .string(digest.description),
                "size": .integer(size), "since": note.map { .string($0.at.description) },
                "age": age.map { .integer($0.components.seconds) }, "why": note.map { .string($0.why) },
                "by": note.map { .string($0.by) }, "packages": .array(packages.map { .string($0) }),
                "packageCount": .integer(packageCount), "replaced": .bool(state == .replaced),
                "state": .string(state.rawValue),
            ])
    }

    fileprivate func text(_ feed: FeedName) -> String {
        let since = note.map { "since \($0.at) (\($0.why.printable))" } ?? "without a note"
        let head = "\(pad(state.rawValue, to: 8, .left))  \(feed)  \(key)  \(ByteSize(bytes: size).human)  \(since)"
        return Finding.affecting(head, packages: packages, count: Int(clamping: packageCount))
    }

    /// The `purged` line.
    fileprivate func purgedLine(_ feed: FeedName, _ isDryRun: Bool) -> JSONLine {
        JSONLine(
            "purged",
            [
                "feed": .string(feed.text), "key": .string(key), "digest": .string(digest.description),
                "size": .integer(size), "age": age.map { .integer($0.components.seconds) },
                "state": .string(state.rawValue), "dryRun": isDryRun ? true : nil,
            ])
    }

    fileprivate func purgedText(_ feed: FeedName, _ isDryRun: Bool) -> String {
        "\(isDryRun ? "would purge" : "purged")  \(feed)  \(key)  \(ByteSize(bytes: size).human)  (\(state.rawValue))"
    }
}
