internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedDeleteCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a feed and its root; with --purge, its packages too.",
        discussion: """
            A feed that holds packages is deleted only with --purge, and this cannot be undone. On a terminal it \
            needs --yes, too, and without it tells what would be deleted. The same command again finishes a \
            deletion that was stopped; --abort cancels one that has deleted nothing yet.

            Examples:
              blobtool feed delete npm
              blobtool feed delete npm --purge --dry-run
              blobtool feed delete npm --purge
              blobtool feed delete npm --abort
            """)

    @Argument(help: "The feed.", completion: Completions.feeds, transform: Read.feed) var feed: FeedName
    @Flag(help: "Also delete all packages of the feed, permanently.") var purge = false
    @Flag(help: "On a terminal, let --purge delete packages.") var yes = false
    @Flag(help: "Only report what would be deleted.") var dryRun = false
    @Flag(help: "Cancel a deletion that was stopped before anything was deleted.") var abort = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func validate() throws {
        if abort && (purge || dryRun) {
            throw ValidationError("--abort cancels a deletion; leave out --purge and --dry-run.")
        }
    }

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            if abort { return try await giveUp(in: store, session) }
            let meter = Meter(dryRun ? "counting" : "deleting", unit: "items")
            if dryRun { return try await preview(in: store, meter, session) }
            let record = try await record(in: store)
            // One that was begun was meant.
            if purge && !yes && session.console.isOnTerminal && record.state != .deleting {
                try await expectNothing(in: store, meter, session)
            }
            try await session.console.showing(meter, isShown: session.showsProgress) { () async throws(StoreError) in
                try await store.deleteFeed(feed, purge: purge) { meter.add(items: $0) }
            }
            session.console.emit(
                JSONLine(
                    "feed",
                    [
                        "feed": .string(feed.text), "root": .string(store.location(record).description),
                        "source": .string(record.source), "mutable": .bool(record.mutable), "state": "deleted",
                        "epoch": .integer(record.epoch),
                    ]),
                text: "deleted feed \(feed)")
        }
        return .done
    }

    /// A person who may have mistyped is told what would be lost.
    /// - Throws: `invalidArgument` for a feed that holds packages.
    private func expectNothing(in store: PackageStore, _ meter: Meter, _ session: Session) async throws {
        let contents = try await session.console.showing(meter, isShown: session.showsProgress) {
            () async throws(StoreError) in
            try await store.previewDeletion(feed, purge: true) { meter.add(items: $0) }
        }
        if contents.packages == 0 { return }
        throw StoreError(
            .invalidArgument,
            "feed \"\(feed)\" holds \(counted(contents.packages, "package")) (deleted ones too), "
                + "\(ByteSize(bytes: contents.bytes).human), which nothing brings back; nothing was deleted, so add --yes if "
                + "that is what you want")
    }

    /// - Throws: `notFound` also where a deletion came to its end and was stopped before it could say so.
    private func record(in store: PackageStore) async throws(StoreError) -> FeedRecord {
        do throws(StoreError) { return try await store.feed(feed).record() } catch  where error.code == .notFound {
            throw StoreError(
                .notFound, "there is no feed \"\(feed)\" in \(store.url), so nothing is left to delete",
                cause: error.cause)
        }
    }

    private func giveUp(in store: PackageStore, _ session: Session) async throws {
        let record = try await store.abortDeletion(of: feed)
        let holder = try await store.feed(feed).store
        session.console.emit(record.line(in: holder), text: "kept feed \(feed); nothing of it was deleted")
    }

    private func preview(in store: PackageStore, _ meter: Meter, _ session: Session) async throws {
        let clock = RunClock()
        let contents = try await session.console.showing(meter, isShown: session.showsProgress) {
            () async throws(StoreError) in
            try await store.previewDeletion(feed, purge: purge) { meter.add(items: $0) }
        }
        session.console.emit(
            .summary(
                "feed delete", of: feed, RunFacts(isDryRun: true, time: clock.time),
                fields: [
                    "packages": .integer(contents.packages), "blobs": .integer(contents.blobs),
                    "bytes": .integer(contents.bytes),
                ]),
            text: "would delete feed \(feed) with \(counted(contents.packages, "package")) (deleted ones too) and "
                + "\(counted(contents.blobs, "blob")), \(ByteSize(bytes: contents.bytes).human)")
    }
}
