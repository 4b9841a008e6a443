import TestSupport
import Testing

@testable import BlobStore

@Suite struct ServerMigrationRefusalTests {
    typealias Moves = ServerMigrationTests

    @Test("a feed with damage stays, and so does the catalog; once damage is allowed all moves")
    func damage() async throws {
        let (bench, before) = try await Moves.scene()
        try await Moves.damage("npm", in: bench)
        let summary = try await Moves.migrate(bench.store)
        #expect(!summary.cutover && summary.failedFeeds == 1 && summary.feeds == 0 && summary.packages.failed == 1)
        let store = try await bench.reopened()
        #expect(store.url == bench.url)
        #expect(try await store.feed("npm").record().root == nil)
        #expect(try await store.feed("nuget").record().root == RootURL(Moves.place + "/feeds/nuget"))
        var options = MigrateTests.options
        options.allowsDamage = true
        #expect(try await Moves.migrate(store, options).cutover)
        #expect(try await bench.reopened().feed("nuget").everything() == before["nuget"])
    }

    @Test("a place that holds other things, another server root, or a feed's root is refused, and nothing changes")
    func places() async throws {
        let (bench, _) = try await Moves.scene()
        _ = try await PackageStore.create(RootURL("/memory/other"), node: NodeName("n"), with: bench.opener)
        let full = try await bench.opener.create(RootURL("/memory/full"), inside: nil)
        _ = try await full.writeRecord(Key("a.json"), Array("{}".utf8), expecting: .absent)
        for (place, code) in [
            ("/memory/other", StoreError.Code.alreadyExists), ("/memory/full", .alreadyExists),
            ("/memory/maven", .wrongRoot), ("/memory/maven/in", .invalidArgument),
            ("/memory/server/in", .invalidArgument), ("/memory", .invalidArgument),
        ] {
            await expectError(code) { try await Moves.migrate(bench.store, to: place) }
            #expect(try await ServerHandover.find(in: bench.store.server.storage) == nil, "\(place)")
        }
    }

    @Test("while it goes to one place it goes to no other, unless that is given up; feeds that went stay there")
    func givenUp() async throws {
        let (bench, before) = try await Moves.scene()
        try await Moves.damage("npm", in: bench)
        try await Moves.migrate(bench.store)
        await expectError(.migrating) { try await Moves.migrate(bench.store, to: "/memory/third") }
        try await ServerMigration(bench.store, MigrateTests.options) { _ in }.abort()
        await expectError(.notFound) {
            try await ServerMigration(bench.store, MigrateTests.options) { _ in }.abort()
        }
        #expect(try await bench.store.feed("npm").record().migration == nil)
        #expect(try await bench.store.feed("nuget").everything() == before["nuget"])
        #expect(try await bench.store.feed("nuget").record().root == RootURL(Moves.place + "/feeds/nuget"))
        var options = MigrateTests.options
        options.allowsDamage = true
        options.isDryRun = true
        #expect(try await Moves.migrate(bench.store, options).feeds == 3, "as a dry run previews it")
        options.isDryRun = false
        #expect(try await Moves.migrate(bench.store, options).cutover, "to the same place again")
    }

    @Test("a feed of that name in the new server root is no reason to lose either")
    func sameName() async throws {
        let (bench, before) = try await Moves.scene()
        try await Moves.damage("npm", in: bench)
        try await Moves.migrate(bench.store)
        let new = try await PackageStore.open(RootURL(Moves.place), node: NodeName("n"), with: bench.opener)
        _ = try await new.createFeed(FeedName("maven"))
        try await new.feed("maven").publish("theirs", at: "a")
        var options = MigrateTests.options
        options.allowsDamage = true
        let summary = try await Moves.migrate(bench.store, options)
        #expect(!summary.cutover && summary.failedFeeds == 1 && summary.feeds == 2)
        #expect(try await bench.store.feed("maven").everything() == before["maven"])
        #expect(try await new.feed("maven").text(at: "a") == "theirs")
        try await new.deleteFeed(FeedName("maven"), purge: true)
        #expect(try await Moves.migrate(bench.store, options).cutover)
        #expect(try await new.feed("maven").everything() == before["maven"])
    }

    @Test("a new server root goes on to a third only when everything has arrived in it")
    func third() async throws {
        let (bench, before) = try await Moves.scene()
        try await Moves.damage("npm", in: bench)
        try await Moves.migrate(bench.store)
        let new = try await PackageStore.open(RootURL(Moves.place), node: NodeName("n"), with: bench.opener)
        await expectError(.migrating) { try await Moves.migrate(new, to: "/memory/third") }
        var options = MigrateTests.options
        options.allowsDamage = true
        try await Moves.migrate(bench.store, options)
        #expect(try await Moves.migrate(new, to: "/memory/third", options).cutover)
        #expect(try await bench.reopened().url == RootURL("/memory/third"))
        #expect(try await bench.store.feed("nuget").everything() == before["nuget"])
    }
}
