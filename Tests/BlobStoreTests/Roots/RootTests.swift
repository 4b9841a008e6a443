import TestSupport
import Testing

@testable import BlobStore

@Suite struct RootTests {
    @Test("feed names are those that are safe everywhere", arguments: ["a", "0", "npm", "a.b_c-d", "con1", "console"])
    func names(_ text: String) throws {
        #expect(try FeedName(text).text == text)
    }

    @Test(
        "other feed names are refused",
        arguments: [
            "", "../x", "Npm", "a/b", ".a", "-a", "a.", "a.json", "con", "nul.txt", "com1", "ä", "a b",
            String(repeating: "a", count: 64),
            String(repeating: "a", count: 300),
        ])
    func badNames(_ text: String) {
        #expect(performing: { try FeedName(text) }, throws: { ($0 as? StoreError)?.code == .invalidArgument })
    }

    @Test("making a root twice finds the first; a place with other things is refused")
    func create() async throws {
        let bench = try await Bench()
        let again = try await PackageStore.create(bench.url, node: NodeName("other"), with: bench.opener)
        #expect(!again.isNew)
        #expect(again.store.rootID == bench.store.rootID)
        let other = try RootURL("/memory/full")
        _ = try await bench.opener.create(other).writeObject(Key("photo"), ObjectSource([1]))
        await expectError(.alreadyExists) {
            try await PackageStore.create(other, node: NodeName("other"), with: bench.opener)
        }
    }

    @Test("a missing, an empty, another and a newer root are told apart, and none is written to")
    func wrongRoots() async throws {
        let bench = try await Bench()
        let node = try NodeName("n")
        await expectError(.wrongRoot) {
            try await PackageStore.open(RootURL("/memory/none"), node: node, with: bench.opener)
        }
        let empty = try RootURL("/memory/empty")
        _ = try await bench.opener.create(empty)
        await expectError(.wrongRoot) { try await PackageStore.open(empty, node: node, with: bench.opener) }
        await expectError(.wrongRoot) {
            try await PackageStore.open(
                bench.url, node: node, rootID: "00000000-0000-0000-0000-000000000000", with: bench.opener)
        }
        _ = try await bench.feed("npm", root: "/memory/feed")
        await expectError(.wrongRoot) {
            try await PackageStore.open(RootURL("/memory/feed"), node: node, with: bench.opener)
        }
        let newer = try await bench.opener.create(RootURL("/memory/newer"))
        let marker = #"{"format":2,"revision":"r","kind":"server","id":"x","created":"2026-01-01T00:00:00Z"}"#
        _ = try await newer.writeRecord(FeedLayout.marker, Array(marker.utf8), expecting: .absent)
        await expectError(.unknownFormat) {
            try await PackageStore.open(RootURL("/memory/newer"), node: node, with: bench.opener)
        }
        for (number, format) in ["0", "-1"].enumerated() {
            let place = try RootURL("/memory/older\(number)")
            let older = try await bench.opener.create(place)
            let text = marker.replacing("\"format\":2", with: "\"format\":\(format)")
            _ = try await older.writeRecord(FeedLayout.marker, Array(text.utf8), expecting: .absent)
            await expectError(.corrupt) { try await PackageStore.open(place, node: node, with: bench.opener) }
        }
    }

    @Test("a feed whose root was exchanged while it was open is refused for writing")
    func exchanged() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", root: "/memory/feed")
        try await feed.publish("one", at: "a")
        let storage = try await bench.storage(feed)
        try await storage.removeRecord(FeedLayout.marker)
        await expectError(.wrongRoot) { try await feed.publish("two", at: "b") }
        #expect(try await storage.statObject(FeedLayout.blob(Digest(of: Array("two".utf8)))) == nil)
    }

    @Test("a feed is pointed only at its own root, or at an empty place while it holds nothing")
    func point() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let name = feed.name
        #expect(try await bench.store.updateFeed(name, root: RootURL("/memory/second")).epoch == 2)
        try await feed.publish("one", at: "a")
        await expectError(.alreadyExists) { try await bench.store.updateFeed(name, root: RootURL("/memory/third")) }
        let other = try await bench.feed("pypi", root: "/memory/pypi")
        await expectError(.wrongRoot) { try await bench.store.updateFeed(name, root: RootURL("/memory/pypi")) }
        #expect(try await other.listing().isEmpty)
        #expect(try await feed.text(at: "a") == "one")
    }

    @Test("a feed that holds packages is deleted only when purged, and its name can then be used anew")
    func deleteFeed() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        try await feed.publish("one", at: "a")
        await expectError(.alreadyExists) { try await bench.store.deleteFeed(feed.name) }
        #expect(try await feed.publish("two", at: "b").outcome == .created)
        try await bench.store.deleteFeed(feed.name, purge: true)
        await expectError(.notFound) { try await bench.store.feed("npm") }
        #expect(try await bench.feed().listing().isEmpty)
    }

    @Test("explain tells which root won, and whether it is the right one")
    func explain() async throws {
        let bench = try await Bench()
        _ = try await bench.feed("npm", root: "/memory/feed")
        _ = try await bench.feed("pypi")
        let source = SettingSource.flag("--root")
        let npm = try await bench.store.explain(FeedName("npm"), serverSource: source)
        #expect(npm.matches && npm.source == .feed && npm.setBy == .catalog)
        let pypi = try await bench.store.explain(FeedName("pypi"), serverSource: source)
        #expect(pypi.matches && pypi.source == .server && pypi.setBy == source)
        bench.opener.replace(try RootURL("/memory/feed"), with: MemoryStorage())
        let gone = try await bench.store.explain(FeedName("npm"), serverSource: source)
        #expect(!gone.matches && gone.foundID == nil)
    }

    @Test("fields that this version does not know survive a rewrite")
    func unknownFields() async throws {
        let bench = try await Bench()
        _ = try await bench.feed()
        let key = try Catalog.key(FeedName("npm"))
        guard let storage = bench.opener[bench.url], let record = try await storage.readRecord(key) else {
            throw StoreError(.notFound, "no record")
        }
        let text = String(decoding: record.bytes, as: UTF8.self)
            .replacing("{\"created\"", with: #"{"future":{"a":[1,2.5,null,"x",18446744073709551615]},"created""#)
        _ = try await storage.writeRecord(key, Array(text.utf8), expecting: .version(record.version))
        _ = try await bench.store.updateFeed(FeedName("npm"), FeedPolicy(graceSeconds: 5))
        let after = try await storage.readRecord(key).map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        #expect(after.contains(#""future":{"a":[1,2.5,null,"x",18446744073709551615]}"#))
        #expect(after.contains("\"graceSeconds\":5"))
    }
}
