internal import BlobStore
internal import BlobTerminal
internal import Synchronization

/// What `push` does with the files that it was given.
struct Push: Sendable {
    let files: [String]
    let isRecursive: Bool
    let followsLinks: Bool
    let prefix: String?
    let path: PackagePath?
    let expected: Digest?
    let details: PublicationDetails
    let isDryRun: Bool

    /// A file to publish, and the path that it goes to behind the prefix.
    struct Item: Sendable {
        let file: String
        let name: String
        let followsLink: Bool
    }

    func run(in feed: Feed, _ session: Session, _ items: ItemOptions, jobs: Int) async throws -> ExitStatus {
        let failures = Failures(session.console, items.failed)
        defer { failures.keepPartialFile() }
        let meter = Meter(isDryRun ? "reading" : "publishing", unit: "files")
        let tally = Mutex(PushTally())
        let queue = PushQueue(self, only: try await items.selection().map { LocalSelection($0) }, failures)
        do {
            try await session.console.showing(meter, isShown: session.showsProgress) { () async throws(StoreError) in
                try await concurrently(jobs, queue.next) { (item) async throws(StoreError) in
                    let isDone = try await failures.guarding(LocalName(item.file)) { () async throws(StoreError) in
                        let published = try await publish(item, in: feed, meter)
                        session.console.emit(
                            published.line(isDryRun: isDryRun), text: published.text(isDryRun: isDryRun))
                        tally.withLock { $0.add(published) }
                    }
                    meter.add(items: 1, failures: isDone ? 0 : 1)
                }
            }
        } catch {
            return try failures.stop(
                error, succeeded: tally.withLock { $0.succeeded }, hasMore: files.count > 1 || isRecursive)
        }
        let done = tally.withLock { $0 }
        if isDryRun { done.show(feed.name, failed: Int64(failures.count), session.console) }
        return failures.finish(succeeded: done.succeeded)
    }

    private func publish(_ item: Item, in feed: Feed, _ meter: Meter) async throws(StoreError) -> Published {
        let path = if let path { path } else { try PackagePath(prefixed(item.name)) }
        if item.file == "-" {
            let content = LocalPipe.standardInput().metered(meter)
            if isDryRun { return try await feed.foresee(content, at: path, expecting: expected) }
            return try await feed.publish(content, at: path, expecting: expected, details)
        }
        let source = try await LocalFile.open(item.file, followingLinks: item.followsLink).source.metered(meter)
        if isDryRun { return try await feed.foresee(source.read(), at: path, expecting: expected) }
        return try await feed.publish(source, at: path, expecting: expected, details)
    }

    private func prefixed(_ name: String) -> String {
        guard let prefix, !prefix.isEmpty else { return name }
        return prefix.hasSuffix("/") ? prefix + name : "\(prefix)/\(name)"
    }
}
