import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite struct CompareTests {
    /// What a comparison told, as text, and what it came to.
    private struct Told {
        var lines: [String]
        var summary: CompareOperation.Summary
    }

    private func compare(
        _ first: CompareOperation.Side, with second: CompareOperation.Side, _ bench: Bench
    ) async throws -> Told {
        let lines = Mutex<[String]>([])
        let operation = CompareOperation(first, with: second, as: try NodeName("tester"), opener: bench.opener) {
            event in
            switch event {
            case .difference(let difference):
                let words = [difference.kind.rawValue, difference.feed?.text, difference.path]
                lines.withLock { $0.append(words.compactMap { $0 }.joined(separator: " ")) }
            case .failed(let name, let error): lines.withLock { $0.append("failed \(name) \(error.code)") }
            case .shared(let feed, _): lines.withLock { $0.append("shared \(feed)") }
            case .progress: break
            }
        }
        let summary = try await operation.run()
        return Told(lines: lines.withLock { $0.sorted() }, summary: summary)
    }

    @Test("two feeds: what is missing, extra and different is told; what was deleted counts as absent")
    func feeds() async throws {
        let bench = try await Bench()
        let one = try await bench.feed("one"), other = try await bench.feed("other")
        // More than a page each, so that both sides turn pages at different paths.
        for number in 0..<1_200 { try await one.publish("same \(number)", at: "shared/\(number)") }
        for number in 0..<1_200 { try await other.publish("same \(number)", at: "shared/\(number)") }
        try await one.publish("a", at: "a/only-one")
        try await other.publish("z", at: "zz/only-other")
        try await one.publish("this", at: "both")
        try await other.publish("that", at: "both")
        for feed in [one, other] { try await feed.publish("gone", at: "deleted-in-other") }
        try await other.remove(PackagePath("deleted-in-other"), by: "alice")
        let told = try await compare(.feed(one), with: .feed(other), bench)
        #expect(
            told.lines == ["different both", "extra zz/only-other", "missing a/only-one", "missing deleted-in-other"])
        #expect(told.summary.equal == 1_200)
        #expect(!told.summary.isEqual)
        let turned = try await compare(.feed(other), with: .feed(one), bench)
        #expect(
            turned.lines == ["different both", "extra a/only-one", "extra deleted-in-other", "missing zz/only-other"])
    }

    @Test("a record that cannot be read is neither equal nor different")
    func unreadable() async throws {
        let bench = try await Bench()
        let one = try await bench.feed("one"), other = try await bench.feed("other")
        for feed in [one, other] { for path in ["a", "b"] { try await feed.publish(path, at: path) } }
        let storage = try await bench.storage(other)
        let key = try PackagePath("b").key
        let record = try #require(try await storage.readRecord(key))
        _ = try await storage.writeRecord(key, Array("garbled".utf8), expecting: .version(record.version))
        let told = try await compare(.feed(one), with: .feed(other), bench)
        #expect(told.lines == ["failed b corrupt"])
        #expect(told.summary.equal == 1 && told.summary.failed == 1)
    }

    @Test("a listing that fails ends the comparison with its error, and not with a verdict")
    func listingFails() async throws {
        let bench = try await Bench()
        let one = try await bench.feed("one"), other = try await bench.feed("other", root: "/memory/other")
        for feed in [one, other] { try await feed.publish("x", at: "a") }
        let url = try RootURL("/memory/other")
        let storage = try #require(bench.opener[url])
        let failure = FaultPlan.always(.list, .before(StoreError(.unavailable, "away")))
        bench.opener.replace(url, with: FaultStorage(storage, plan: failure))
        let store = try await bench.reopened()
        let sides = (try await store.feed("one"), try await store.feed("other"))
        await expectError(.unavailable) { _ = try await compare(.feed(sides.0), with: .feed(sides.1), bench) }
    }

    @Test("a root compared with itself is refused: it would say that the other may go")
    func same() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed(root: "/memory/npm")
        let url = try RootURL("/memory/npm")
        await expectError(.invalidArgument) { _ = try await compare(.feed(feed), with: .root(url), bench) }
        await expectError(.invalidArgument) { _ = try await compare(.root(bench.url), with: .root(bench.url), bench) }
        await expectError(.invalidArgument) { _ = try await compare(.feed(feed), with: .root(bench.url), bench) }
        let nowhere = try RootURL("/memory/nowhere")
        await expectError(.notFound) { _ = try await compare(.feed(feed), with: .root(nowhere), bench) }
    }

    @Test("before its source goes, a migrated feed is compared with the root it left")
    func migrated() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed(root: "/memory/old")
        for path in ["a", "b"] { try await feed.publish(path, at: path) }
        _ = try await MigrateOperation(feed, .init(by: "mover")) { _ in }.run(to: RootURL("/memory/new"))
        let old = CompareOperation.Side.root(try RootURL("/memory/old"))
        let now = try await bench.reopened().feed("npm")
        let told = try await compare(old, with: .feed(now), bench)
        #expect(told.lines.isEmpty && told.summary.equal == 2)
        try await now.publish("c", at: "c")
        #expect(try await compare(old, with: .feed(now), bench).lines == ["extra c"])
    }

    @Test("two server roots are compared feed by feed, also one that was moved away from")
    func servers() async throws {
        let bench = try await Bench()
        let other = try RootURL("/memory/other-server")
        let second = try await PackageStore.create(other, node: NodeName("tester"), with: bench.opener).store
        for name in ["both", "left"] { try await bench.feed(name).publish("x", at: "a") }
        for name in ["both", "right"] {
            _ = try await second.createFeed(FeedName(name))
            try await second.feed(name).publish("x", at: "a")
        }
        try await second.feed("both").publish("more", at: "b")
        let told = try await compare(.root(bench.url), with: .root(other), bench)
        #expect(told.lines == ["extra both b", "extra right", "extra right a", "missing left", "missing left a"])
        #expect(told.summary.equal == 1)
    }

    @Test("a feed whose root is one for both server roots is counted, and under two addresses it is in doubt")
    func shared() async throws {
        let bench = try await Bench()
        for (name, root) in [("npm", nil), ("maven", "/memory/maven")] {
            try await bench.feed(name, root: root).publish("x", at: "a")
        }
        let new = try RootURL("/memory/new"), maven = try RootURL("/memory/maven"), alias = try RootURL("/memory/alias")
        try await ServerMigrationTests.migrate(bench.store, to: new.description)
        let told = try await compare(.root(bench.url), with: .root(new), bench)
        #expect(told.lines == ["shared maven"])
        #expect(told.summary.equal == 1 && told.summary.shared == 1 && told.summary.failed == 0)
        #expect(!told.summary.comparedNothing)
        bench.opener.replace(alias, with: bench.opener[maven])
        let store = try await PackageStore.open(new, node: NodeName("tester"), with: bench.opener)
        _ = try await store.catalog.update(FeedName("maven")) { record in
            var record = record
            record.root = alias
            return record
        }
        let doubt = try await compare(.root(bench.url), with: .root(new), bench)
        #expect(doubt.lines == ["failed maven wrongRoot"])
        #expect(doubt.summary.shared == 0 && doubt.summary.failed == 1)
    }

    @Test("a root that only sends its readers to the other one is not the same: nothing was compared")
    func nothingLeft() async throws {
        let bench = try await Bench()
        try await bench.feed("npm").publish("x", at: "a")
        let new = try RootURL("/memory/new")
        try await ServerMigrationTests.migrate(bench.store, to: new.description)
        let left = bench.url.appending(Catalog.place(try FeedName("npm")))
        bench.opener.replace(left, with: nil)
        let told = try await compare(.root(bench.url), with: .root(new), bench)
        #expect(told.lines == ["shared npm"])
        #expect(told.summary.comparedNothing)
    }

    @Test("a feed and a tree: files are hashed; what cannot be a package fails, in either order")
    func tree() async throws {
        let bench = try await Bench(), folder = TemporaryFolder()
        let feed = try await bench.feed()
        for path in ["same", "deep/same", "other", "gone"] { try await feed.publish("12345", at: path) }
        try await feed.publish("12345", at: "deleted")
        try await feed.remove(PackagePath("deleted"), by: "alice")
        for path in ["same", "deep/same"] { folder.write(path, Array("12345".utf8)) }
        folder.write("other", Array("54321".utf8))
        folder.write("new", Array("12345".utf8))
        folder.write("deleted", Array("12345".utf8))
        let directory = CompareOperation.Side.directory(folder.path, try RootURL(folder.path))
        let told = try await compare(.feed(feed), with: directory, bench)
        #expect(told.lines == ["different other", "extra deleted", "extra new", "missing gone"])
        #expect(told.summary.equal == 2)
        let turned = try await compare(directory, with: .feed(feed), bench)
        #expect(turned.lines == ["different other", "extra gone", "missing deleted", "missing new"])
        folder.write(String(repeating: "n", count: 220), [])
        #expect(try await compare(.feed(feed), with: directory, bench).summary.failed == 1)
    }
}
