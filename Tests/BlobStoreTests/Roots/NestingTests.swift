import BlobBackends
import TestSupport
import Testing

@testable import BlobStore

@Suite struct NestingTests {
    @Test(
        "a place inside of a known root or around one is refused, and others are not",
        arguments: [
            ("s3://b/root/sub", true), ("s3://b/root/feeds/a/packages", true), ("s3://b/own/x", true), ("s3://b", true),
            ("s3://b/root2", false), ("s3://c/root/sub", false), ("s3://b/root/sub?endpoint=http://one", true),
            ("s3://d/own/x?endpoint=http://other", false),
            ("/disk/sub", true), ("/", true), ("/disk2", false), ("/disk", false), ("s3://b/own", false),
        ])
    func known(_ place: String, _ isRefused: Bool) async throws {
        let known = try ["s3://b/root", "s3://b/own", "s3://d/own?endpoint=http://one", "/disk"].map { try RootURL($0) }
        let neighbours = known.map { RootNesting.Neighbour($0, "a root", mayBeSame: true) }
        func refuse() async throws {
            for neighbour in neighbours { try await RootNesting(Backends()).refuse(RootURL(place), beside: neighbour) }
        }
        if isRefused { await expectError(.invalidArgument) { try await refuse() } } else { try await refuse() }
    }

    @Test("a bucket is looked at for roots above, which nobody told of")
    func bucket() async throws {
        let opener = MemoryOpener(makesBuckets: true)
        let node = try NodeName("tester")
        let root = try RootURL("s3://b/x/root?region=here")
        _ = try await PackageStore.create(root, node: node, with: opener)
        await expectError(.invalidArgument) {
            try await PackageStore.create(RootURL("s3://b/x/root/y/z?region=here"), node: node, with: opener)
        }
        _ = try await PackageStore.create(RootURL("s3://b/x/other?region=here"), node: node, with: opener)
    }

    @Test("a file that is no marker makes no root of its folder, and a newer marker does")
    func markers() async throws {
        let folder = TemporaryFolder()
        let nesting = RootNesting(MemoryOpener())
        folder.write("a/root.json", Array("{\"name\": \"somebody's web page\"}".utf8))
        try await nesting.refuse(RootURL(folder.path + "/a/b/c"))
        folder.write("a/root.json", Array("{\"format\": 99}".utf8))
        await expectError(.invalidArgument) { try await nesting.refuse(RootURL(folder.path + "/a/b/c")) }
    }

    @Test("a deletion that died after the last file was gone is completed by the next")
    func diedLate() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let storage = try await bench.storage(feed)
        _ = try await bench.store.server.storage.update(Catalog.key(feed.name), as: FeedRecord.self) { record in
            var next = record
            next.change(to: .deleting, root: nil, id: record.id)
            return next
        }
        try await storage.removeRecord(FeedLayout.marker)
        try await bench.store.deleteFeed(feed.name)
        await expectError(.notFound) { try await feed.record() }
    }
}
