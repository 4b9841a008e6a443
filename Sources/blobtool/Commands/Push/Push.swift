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
        let only = try await items.selection().map { LocalSelection($0) }
        let queue = PushQueue(self, only: only) { name, error in
            failures.add(name, error)
            meter.add(items: 1, failures: 1)
        }
        do {
            try await session.console.showing(meter, isShown: session.showsProgress) { () async throws(StoreError) in
                // Ends with this scope, however that ends.
                async let _ = session.showsProgress ? survey(only, meter) : ()
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

    /// Counts ahead; where that fails the end stays unknown.
    private func survey(_ only: LocalSelection?, _ meter: Meter) async {
        if files.contains("-") { return meter.update { $0.expectedItems = 1 } }
        var survey = LocalSurvey(followsLinks: followsLinks)
        do throws(StoreError) {
            for file in files {
                try await count(file, only, in: &survey)
            }
        } catch { return }
        let found = survey
        meter.update { reading in
            reading.expectedItems = found.items
            reading.expectedBytes = found.bytes
        }
    }

    private func count(
        _ file: String, _ only: LocalSelection?, in survey: inout LocalSurvey
    ) async throws(StoreError) {
        let isWanted = { (name: LocalName) in only == nil || only?.listing(name) != nil }
        if isRecursive, try await LocalTree.isDirectory(file) {
            try await survey.add(tree: file) { isWanted(PushQueue.name($0, below: file)) }
        } else if isWanted(LocalName(file)) {
            try await survey.add(file: file)
        }
    }

    private func publish(_ item: Item, in feed: Feed, _ meter: Meter) async throws(StoreError) -> Published {
        let path = if let path { path } else { try PackagePath(prefixed(item.name)) }
        if item.file == "-" {
            let content = LocalPipe.standardInput().counted { meter.add(bytes: $0) }
            if isDryRun { return try await feed.foresee(content, at: path, expecting: expected) }
            return try await feed.publish(content, at: path, expecting: expected, details)
        }
        let file = try await LocalFile.open(item.file, followingLinks: item.followsLink)
        let source = file.source.counted { meter.add(bytes: $0) }
        if isDryRun { return try await feed.foresee(source.read(), at: path, expecting: expected) }
        return try await feed.publish(source, at: path, expecting: expected, details)
    }

    private func prefixed(_ name: String) -> String {
        guard let prefix, !prefix.isEmpty else { return name }
        return prefix.hasSuffix("/") ? prefix + name : "\(prefix)/\(name)"
    }
}
