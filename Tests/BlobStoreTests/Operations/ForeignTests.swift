import BlobBackends
import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite("What is gone, and what others left")
struct ForeignTests {
    /// A store on a filesystem, in a folder of the test's own.
    private struct Scene {
        let folder = TemporaryFolder()
        let store: PackageStore
        let feed: Feed

        init() async throws {
            store = try await PackageStore.create(
                RootURL(folder.path + "/root"), node: NodeName("n"), with: Backends(threads: 4)
            ).store
            _ = try await store.createFeed(FeedName("npm"), FeedPolicy(graceSeconds: 0))
            feed = try await store.feed("npm")
            try await feed.publish("one", at: "a")
            try await feed.publish("two", at: "folder/b")
        }

        func check() async throws -> (findings: [String], summary: CheckOperation.Summary) {
            let findings = Mutex<[String]>([])
            let summary = try await CheckOperation(store, .init(content: .all)) { event in
                guard case .finding(let finding) = event else { return }
                findings.withLock { $0.append("\(finding.severity) \(finding.kind.rawValue) \(finding.key)") }
            }.run()
            return (findings.withLock { $0 }.sorted(), summary)
        }

        func collect() async throws -> CollectOperation.Summary {
            try await CollectOperation(feed, .init(deletes: true, maximumPercent: 100)) { _ in }.run()
        }

        /// Makes contents a day old.
        func age(_ contents: String...) throws {
            for content in contents {
                let blob = try FeedLayout.blob(Digest(of: Array(content.utf8)))
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -86_400)],
                    ofItemAtPath: "\(folder.path)/root/feeds/npm/\(blob)")
            }
        }

        func remove(_ name: String) { TemporaryFolder.removeAll(Array("\(folder.path)/root/\(name)".utf8CString)) }
    }

    private static let litter = [
        "lost+found/x", "feeds/.DS_Store", "feeds/npm/@eaDir/a.json", "feeds/npm/packages/Thumbs.db",
        "feeds/npm/packages/._a.json", "feeds/npm/packages/a.json~", "feeds/npm/packages/folder/.nfs0001",
        "feeds/npm/packages/folder/desktop.ini", "feeds/npm/packages/notes.txt", "feeds/npm/blobs/sha256/.DS_Store",
    ]

    @Test("litter stops neither reading, nor checking, nor collecting, nor deleting a feed and making it anew")
    func litter() async throws {
        let scene = try await Scene()
        for name in Self.litter { scene.folder.write("root/\(name)", []) }
        #expect(try await scene.feed.text(at: "a") == "one")
        let (findings, summary) = try await scene.check()
        #expect(summary.complete && summary.errors == 0, "\(findings)")
        #expect(summary.infos == 7, "\(findings)")
        // An editor's copy is harmless but for one thing: the record beside it cannot be changed.
        #expect(findings.contains("warning unexpected-object packages/a.json~"), "\(findings)")
        _ = try await scene.collect()
        #expect(try await scene.feed.text(at: "folder/b") == "two")
        try await scene.store.deleteFeed(scene.feed.name, purge: true)
        _ = try await scene.store.createFeed(scene.feed.name)
        #expect(try await scene.feed.publish("three", at: "c").outcome == .created)
    }

    @Test("what may be a record stops the collector, and is told", arguments: ["Upper.json", "b.json/", "Folder/"])
    func hiding(_ name: String) async throws {
        let scene = try await Scene()
        scene.folder.write("root/feeds/npm/packages/\(name)\(name.hasSuffix("/") ? "x" : "")", [])
        await expectError(.corrupt) { try await scene.collect() }
        let (findings, _) = try await scene.check()
        #expect(findings.contains { $0.contains(name.hasSuffix("/") ? String(name.dropLast()) : name) }, "\(findings)")
    }

    @Test(
        "no listing, export or migration that passed over what may hide packages looks whole",
        arguments: ["Upper.json", "b.json/", "Folder/"])
    func hidingFromListings(_ name: String) async throws {
        let scene = try await Scene()
        scene.folder.write("root/feeds/npm/packages/\(name)\(name.hasSuffix("/") ? "x" : "")", [])
        var listed: [String] = []
        await expectError(.corrupt) {
            for try await page in try await scene.feed.paths() { listed += page.map(\.text) }
        }
        #expect(listed == ["a", "folder/b"], "what can be listed comes first")
        await expectError(.corrupt) {
            try await ExportOperation(scene.feed, to: scene.folder.path + "/out", .init()) { _ in }.run()
        }
        await expectError(.corrupt) {
            try await MigrateOperation(scene.feed, .init(by: "ann")) { _ in }
                .run(to: RootURL(scene.folder.path + "/new"))
        }
        for try await page in try await scene.feed.paths(PackageQuery(prefix: "folder/")) {
            #expect(page.map(\.text) == ["folder/b"], "what is beside a listing does not end it")
        }
    }

    @Test(
        "what stands in the place of one of the store's folders ends neither a check nor a collection",
        arguments: ["checks", "retired", "collection", "quarantine", "staging", "blobs", "blobs/sha256"])
    func fileForFolder(_ name: String) async throws {
        let scene = try await Scene()
        _ = try await scene.feed.remove(PackagePath("a"), by: "alice")
        scene.remove("feeds/npm/\(name)")
        scene.folder.write("root/feeds/npm/\(name)", [1])
        let (findings, summary) = try await scene.check()
        #expect(!summary.complete && summary.packages == 1, "\(findings)")
        #expect(findings.contains("warning unexpected-object \(name)"), "\(findings)")
        let collected = try await scene.collect()
        let isUsed = !["collection", "quarantine"].contains(name)
        #expect(collected.failed == (isUsed ? 1 : 0))
    }

    @Test("what stands in the place of the records stops the collector, and no blob is called an orphan")
    func fileForRecords() async throws {
        let scene = try await Scene()
        scene.remove("feeds/npm/packages")
        scene.folder.write("root/feeds/npm/packages", [1])
        let (findings, summary) = try await scene.check()
        #expect(!summary.complete && summary.blobs == 2 && summary.infos == 0, "\(findings)")
        await expectError(.corrupt) { try await scene.collect() }
    }

    @Test("what stands in the place of the leases makes a check incomplete, and does not end it")
    func fileForLeases() async throws {
        let scene = try await Scene()
        scene.remove("cluster")
        scene.folder.write("root/cluster", [1])
        let (findings, summary) = try await scene.check()
        #expect(!summary.complete && summary.packages == 2, "\(findings)")
    }

    @Test("a folder in a record's place is damage, and names the package")
    func folderInPlace() async throws {
        let scene = try await Scene()
        scene.remove("feeds/npm/packages/a.json")
        scene.folder.write("root/feeds/npm/packages/a.json/x", [])
        #expect(try await scene.check().findings == ["error bad-record packages/a.json"])
    }

    @Test("blobs without their records are not good, and nothing of them is collected")
    func recordsGone() async throws {
        let scene = try await Scene()
        scene.remove("feeds/npm/packages")
        let (findings, summary) = try await scene.check()
        #expect(summary.errors == 1 && findings.contains("error bad-record packages/"))
        await expectError(.corrupt) { try await scene.collect() }
        await expectError(.corrupt) { for try await _ in try await scene.feed.paths() {} }
        #expect(try await scene.feed.publish("three", at: "c").outcome == .created)
    }

    @Test("records that are gone from their folder are told by the age of their blobs")
    func recordsTakenOut() async throws {
        let scene = try await Scene()
        scene.remove("feeds/npm/packages/a.json")
        scene.remove("feeds/npm/packages/folder")
        try scene.age("one", "two")
        let (findings, _) = try await scene.check()
        #expect(findings.contains("error bad-record packages/"), "\(findings)")
    }

    @Test("most blobs without a record are a warning, since the records may have been lost")
    func recordsMadeAnew() async throws {
        let scene = try await Scene()
        try await scene.feed.publish("three", at: "c")
        scene.remove("feeds/npm/packages")
        try await scene.feed.publish("four", at: "d")
        let warning = "warning orphan-blob packages/"
        #expect(try await !scene.check().findings.contains(warning), "they may be publications on their way")
        try scene.age("one", "two", "three")
        let (findings, summary) = try await scene.check()
        #expect(findings.contains(warning) && summary.errors == 0, "\(findings)")
        // In a mutable feed each replacement leaves an orphan.
        _ = try await scene.store.updateFeed(scene.feed.name, FeedPolicy(mutable: true, graceSeconds: 0))
        #expect(try await !scene.check().findings.contains(warning))
    }

    @Test("content that was deleted, collected or not, is no sign of lost records")
    func deletedAll() async throws {
        let scene = try await Scene()
        try await scene.feed.publish("three", at: "c")
        for path in ["a", "folder/b", "c"] { _ = try await scene.feed.remove(PackagePath(path), by: "alice") }
        try scene.age("one", "two", "three")
        let (findings, summary) = try await scene.check()
        #expect(findings.isEmpty && summary.errors == 0, "\(findings)")
    }

    @Test("what stands among the states of a record is told, and hides nothing")
    func amongGenerations() async throws {
        let scene = try await Scene()
        _ = try await scene.feed.remove(PackagePath("a"), by: "alice")
        for name in ["02", "x.json", "p.1.x", ".nfs1", "._2"] {
            scene.folder.write("root/feeds/npm/packages/a.json~/\(name)", [1])
        }
        let (findings, summary) = try await scene.check()
        #expect(
            findings
                == ["._2"].map { "info unexpected-object packages/a.json~/\($0)" }
                + ["02", "p.1.x", "x.json"].map { "warning unexpected-object packages/a.json~/\($0)" }, "\(findings)")
        #expect(summary.complete)
        _ = try await scene.collect()
    }

    @Test("a root that a feed had before its record was made anew for another is told, and not called lost")
    func madeAnewElsewhere() async throws {
        let scene = try await Scene()
        scene.remove("catalog/npm.json")
        _ = try await scene.store.createFeed(
            scene.feed.name, root: RootURL(scene.folder.path + "/elsewhere"))
        let (findings, summary) = try await scene.check()
        #expect(findings == ["warning unexpected-object feeds/npm/"] && summary.complete)
    }

    @Test("a garbled lease is told by a check and by who needs it, with what to do")
    func garbledLease() async throws {
        let scene = try await Scene()
        let key = LeaseRecord.key("migrate-npm")
        _ = try await scene.store.server.storage.writeRecord(key, [UInt8(ascii: "{")], expecting: .absent)
        let (findings, summary) = try await scene.check()
        #expect(findings == ["error bad-record \(key)"] && summary.complete)
        do {
            _ = try await MigrateOperation(scene.feed, .init(by: "ann")) { _ in }
                .run(to: RootURL(scene.folder.path + "/new"))
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == .corrupt && error.message.contains("remove \(key) by hand"))
        }
    }

    @Test("a migration that cannot read its source is not begun")
    func sourceInWrongPlace() async throws {
        let scene = try await Scene()
        try FileManager.default.moveItem(
            atPath: scene.folder.path + "/root/feeds/npm", toPath: scene.folder.path + "/moved")
        try FileManager.default.createSymbolicLink(
            atPath: scene.folder.path + "/root/feeds/npm", withDestinationPath: scene.folder.path + "/moved")
        await expectError(.wrongRoot) {
            try await MigrateOperation(scene.feed, .init(by: "ann")) { _ in }
                .run(to: RootURL(scene.folder.path + "/new"))
        }
        #expect(try await scene.store.catalog.feed(scene.feed.name).body.migration == nil)
    }

    @Test("what a first publication left that died is no damage")
    func diedAtFirst() async throws {
        let scene = try await Scene()
        _ = try await scene.store.createFeed(FeedName("new"))
        let storage = try await scene.store.feed("new").open().storage
        _ = try await storage.writeObject(FeedLayout.blob(Digest(of: [1])), ObjectSource([1]))
        #expect(try await scene.check().summary.errors == 0)
    }

    @Test("a feed's record that is gone, or the whole catalog, is not good; making the feed finds its packages again")
    func catalogGone() async throws {
        let scene = try await Scene()
        scene.remove("catalog")
        let (findings, summary) = try await scene.check()
        #expect(findings == ["error bad-record catalog/npm.json"] && !summary.complete)
        _ = try await scene.store.createFeed(scene.feed.name)
        #expect(try await scene.feed.text(at: "a") == "one")
        #expect(try await scene.check().findings == [])
    }

    @Test("a feed that is on its way here from another server root is told as that, and is no flaw")
    func arriving() async throws {
        let scene = try await Scene()
        let other = Predecessor(root: try RootURL("/other"), id: "x", since: .now, by: "bob")
        _ = try await scene.store.server.storage.create(Predecessor.key, other)
        scene.remove("catalog")
        let (findings, summary) = try await scene.check()
        #expect(findings == ["warning unfinished feeds/npm/"] && summary.complete)
    }

    @Test("what a creation left that died is told as such, and is no flaw")
    func creationDied() async throws {
        let scene = try await Scene()
        _ = try await scene.store.createFeed(FeedName("new"))
        scene.remove("catalog/new.json")
        let (findings, summary) = try await scene.check()
        #expect(findings == ["info unexpected-object feeds/new/"] && summary.complete)
        // An upload of its that was cut off, too.
        scene.folder.write("root/feeds/new/staging/0d6a", [1])
        let (again, all) = try await scene.check()
        #expect(again == findings && all.complete)
        _ = try await scene.store.createFeed(FeedName("new"))
        #expect(try await scene.check().findings == [])
    }

    @Test("content that is missing is no part of what is fresh")
    func freshness() async throws {
        let scene = try await Scene()
        let digest = try Digest(of: Array("two".utf8))
        try await scene.feed.open().storage.removeObject(FeedLayout.blob(digest))
        let summary = try await scene.check().summary
        #expect(summary.freshBytes == 3 && summary.missingBytes == 3 && summary.bytes == 3)
    }
}
