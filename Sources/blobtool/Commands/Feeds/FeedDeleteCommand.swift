internal import ArgumentParser
internal import BlobStore
internal import BlobTerminal

struct FeedDeleteCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a feed, its root, and with --purge all that it holds.",
        discussion: """
            A feed that holds packages is refused unless --purge is given; there is no undo.

            Examples:
              blobtool feed delete npm
              blobtool feed delete npm --purge --dry-run
              blobtool feed delete npm --purge
            """)

    @Argument(help: "The feed.", transform: Read.feed) var feed: FeedName
    @Flag(help: "Also delete all packages of the feed, for good.") var purge = false
    @Flag(help: "Only say what would be deleted.") var dryRun = false
    @OptionGroup(title: "Root options") var root: RootOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run(in session: Session) async throws -> ExitStatus {
        try await session.withStore(root) { store in
            let meter = Meter(dryRun ? "counting" : "deleting", unit: "items")
            if dryRun { return try await foresee(in: store, meter, session) }
            let record = try await store.feed(feed).record()
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

    private func foresee(in store: PackageStore, _ meter: Meter, _ session: Session) async throws {
        let contents = try await session.console.showing(meter, isShown: session.showsProgress) {
            () async throws(StoreError) in
            try await store.foreseeDeletion(feed, purge: purge) { meter.add(items: $0) }
        }
        session.console.emit(
            JSONLine(
                "summary",
                [
                    "command": "feed delete", "feed": .string(feed.text), "packages": .integer(contents.packages),
                    "blobs": .integer(contents.blobs), "bytes": .integer(contents.bytes), "dryRun": true,
                ]),
            text: "would delete feed \(feed) with \(counted(contents.packages, "package")) (deleted ones too) and "
                + "\(counted(contents.blobs, "blob")), \(ByteSize(bytes: contents.bytes).human)")
    }
}
