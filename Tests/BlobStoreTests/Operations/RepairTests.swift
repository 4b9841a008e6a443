import BlobStoreTesting
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

@Suite struct RepairTests {
    @discardableResult
    private func repair(
        _ feed: Feed, from sources: [String] = [], isDryRun: Bool = false,
        maximumFindings: Int = RepairOperation.maximumFindings,
        report: @escaping @Sendable (RepairOperation.Event) -> Void = { _ in }
    ) async throws -> RepairOperation.Summary {
        let urls = try sources.map { try RootURL($0) }
        return try await RepairOperation(
            feed, .init(by: "tester", sources: urls, isDryRun: isDryRun), maximumFindings: maximumFindings,
            report: report
        ).run()
    }

    /// A feed of ten, moved to `/memory/a`; the copy it left behind is whole.
    private func moved() async throws -> (bench: Bench, feed: Feed, all: [Published], storage: any Storage) {
        let bench = try await Bench()
        let feed = try await bench.feed()
        var all: [Published] = []
        for number in 0..<10 { all.append(try await feed.publish("content \(number)", at: "pkg/\(number)")) }
        try await MigrateTests.migrate(feed, to: "/memory/a")
        return (bench, feed, all, try await bench.storage(feed))
    }

    private static let former = "/memory/server/feeds/npm"

    private func notes(_ storage: any Storage) async throws -> [QuarantineNote] {
        var notes: [QuarantineNote] = []
        for name in try await storage.names(FeedLayout.quarantine) where name.hasSuffix(".json") {
            let note: Stored<QuarantineNote>? = try await storage.document(Key(name))
            notes.append(try #require(note).body)
        }
        return notes
    }

    @Test("20 of 1,000 blobs with a flipped byte come back from a copy, and the bad ones are in quarantine")
    func flipped() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", root: "/memory/first")
        let publications = Collected<Published>()
        try await concurrently(8, 0..<1_000) { (number) async throws(StoreError) in
            do { publications.add(try await feed.publish("content \(number)", at: "pkg/\(number)")) } catch {
                throw StoreError(.failed, "\(error)")
            }
        }
        let before = try await feed.everything()
        try await MigrateTests.migrate(feed, to: "/memory/a")
        let storage = try await bench.storage(feed)
        let bad = Set(publications.all.shuffled().prefix(20).map(\.digest))
        for digest in bad {
            var bytes = try #require(try await storage.bytes(FeedLayout.blob(digest)))
            bytes[bytes.count / 2] ^= 1
            try await storage.spoil(digest, bytes)
        }
        let summary = try await repair(feed, from: ["/memory/first"])
        #expect(summary.damaged == 20 && summary.repaired == 20 && summary.quarantined == 20 && summary.complete)
        #expect(try await feed.everything() == before)
        #expect(try await feed.flaws() == [])
        let notes = try await notes(storage)
        #expect(notes.count == 20 && Set(notes.map(\.digest)) == bad)
        #expect(notes.allSatisfy { $0.by == "tester" && !$0.why.isEmpty })
        #expect(try await repair(feed) == RepairOperation.Summary())
    }

    @Test("a digest that another feed has comes from there, without a root being named")
    func anotherFeed() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm")
        let other = try await bench.feed("mirror")
        let published = try await feed.publish("shared", at: "a")
        try await other.publish("shared", at: "elsewhere/b")
        let storage = try await bench.storage(feed)
        try await storage.spoil(published.digest, Array("SHARED".utf8))
        let from = Collected<String>()
        let summary = try await repair(feed) { event in
            if case .repaired(_, let packages, let source) = event { from.add("\(packages) \(source)") }
        }
        #expect(summary.repaired == 1)
        #expect(from.all == ["[\"a\"] file:///memory/server/feeds/mirror"])
        #expect(try await feed.text(at: "a") == "shared")
    }

    @Test("a truncated and a missing blob and a garbled record come back, and nothing else is touched")
    func kinds() async throws {
        let (_, feed, all, storage) = try await moved()
        let before = try await feed.everything()
        try await storage.spoil(all[1].digest, Array("cont".utf8))
        try await storage.removeObject(FeedLayout.blob(all[2].digest))
        try await storage.garble(all[3].path.key)
        let untouched = try await storage.readRecord(all[4].path.key)
        let summary = try await repair(feed, from: [Self.former])
        #expect(summary.damaged == 3 && summary.repaired == 3, "\(summary)")
        #expect(try await feed.listing().count == 10)
        for number in 0..<10 { #expect(try await feed.text(at: "pkg/\(number)") == "content \(number)") }
        #expect(try await feed.flaws() == [])
        #expect(try await storage.readRecord(all[4].path.key) == untouched)
        // The short blob and the garbled record, each with its note.
        #expect(try await storage.names(FeedLayout.quarantine).count == 4)
        #expect(try await feed.everything().count == before.count)
    }

    @Test("a server root is a source too, of all its feeds")
    func serverRoot() async throws {
        let (bench, feed, all, storage) = try await moved()
        let other = try await PackageStore.create(
            RootURL("/memory/elsewhere"), node: NodeName("tester"), with: bench.opener
        ).store
        _ = try await other.createFeed(FeedName("copies"))
        try await other.feed("copies").publish("content 5", at: "x")
        try await storage.removeObject(FeedLayout.blob(all[5].digest))
        #expect(try await repair(feed, from: ["/memory/elsewhere"]).repaired == 1)
        #expect(try await feed.text(at: "pkg/5") == "content 5")
    }

    @Test("what no source has is named with its packages, and goes to quarantine when its bytes are wrong")
    func hopeless() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed()
        let published = try await feed.publish("only here", at: "a")
        let storage = try await bench.storage(feed)
        try await storage.spoil(published.digest, Array("ONLY HERE".utf8))
        let named = Collected<[String]>()
        let summary = try await repair(feed) { event in
            if case .unrepaired(_, let packages, _) = event { named.add(packages) }
        }
        #expect(summary.unrepaired == 1 && summary.quarantined == 1 && summary.repaired == 0)
        #expect(named.all == [["a"]])
        let kept = try await storage.names(FeedLayout.quarantine).filter { !$0.hasSuffix(".json") }
        #expect(try await storage.bytes(Key(#require(kept.first))) == Array("ONLY HERE".utf8))
        // An upload heals it.
        #expect(try await feed.publish("only here", at: "a").outcome == .healed)
        #expect(try await feed.flaws() == [])
    }

    @Test("all packages of a blob that is damaged, missing or cannot be read are named, however many", arguments: 0...2)
    func allPackages(damage: Int) async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", root: "/memory/a")
        let digest = try await feed.publish("shared", at: "0").digest
        let storage = try await bench.storage(feed)
        let count = Finding.maximumPackages + 1
        try await concurrently(8, 1..<count) { (number) async throws(StoreError) in
            do { try await feed.publish("shared", at: "\(number)") } catch { throw StoreError(.failed, "\(error)") }
        }
        let plan = FaultPlan { operation, key, _ in
            guard damage == 0 && operation == .readObject && key == FeedLayout.blob(digest).text else { return nil }
            return .before(StoreError(.failed, "a bad sector"))
        }
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(storage, plan: plan))
        if damage == 1 { try await storage.spoil(digest, Array("SHARED".utf8)) }
        if damage == 2 { try await storage.removeObject(FeedLayout.blob(digest)) }
        let named = Collected<[String]>()
        let summary = try await repair(bench.reopened().feed("npm"), isDryRun: true) { event in
            if case .unrepaired(_, let packages, _) = event { named.add(packages) }
        }
        #expect(summary.unrepaired == 1 && summary.complete)
        #expect(named.all.map { Set($0).count } == [count])
    }

    @Test("damage beyond what one run keeps in mind is counted, and left to the next")
    func omitted() async throws {
        let (_, feed, all, storage) = try await moved()
        for number in 0..<5 { try await storage.removeObject(FeedLayout.blob(all[number].digest)) }
        let first = try await repair(feed, from: [Self.former], maximumFindings: 3)
        #expect(first.damaged == 5 && first.repaired == 3 && first.omitted == 2 && first.unrepaired == 0)
        let next = try await repair(feed, from: [Self.former], maximumFindings: 3)
        #expect(next.damaged == 2 && next.repaired == 2 && next.omitted == 0)
        #expect(try await feed.flaws() == [])
    }

    @Test("a repair's progress has an end")
    func progress() async throws {
        let (_, feed, all, storage) = try await moved()
        for number in 0..<5 { try await storage.removeObject(FeedLayout.blob(all[number].digest)) }
        let shown = Collected<WorkProgress>()
        try await repair(feed, from: [Self.former]) { event in
            if case .progress(let progress) = event { shown.add(progress) }
        }
        #expect(shown.all.last == WorkProgress("repairing", items: 5, itemsTotal: 5))
        let reading = shown.all.last { $0.phase == "verifying blobs" }
        #expect(reading?.itemsTotal == 10 && reading?.bytesTotal == 90)
    }

    @Test("a blob that cannot be read stays where it is while there is no copy, and is exchanged when there is one")
    func unreadable() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", root: "/memory/a")
        let published = try await feed.publish("kept", at: "a")
        let blob = FeedLayout.blob(published.digest)
        let storage = try await bench.storage(feed)
        let plan = FaultPlan { operation, key, _ in
            operation == .readObject && key == blob.text ? .cutOff(after: 2, StoreError(.failed, "a bad sector")) : nil
        }
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(storage, plan: plan))
        let worn = try await bench.reopened().feed("npm")
        let first = try await repair(worn)
        #expect(first.unrepaired == 1 && first.quarantined == 0)
        #expect(try await storage.bytes(blob) == Array("kept".utf8))
        #expect(try await storage.names(FeedLayout.quarantine).isEmpty)
        _ = try await bench.feed("mirror").publish("kept", at: "b")
        #expect(try await repair(worn).repaired == 1)
        #expect(try await storage.bytes(blob) == Array("kept".utf8))
    }

    @Test("a copy that is bad itself is passed over")
    func badCopy() async throws {
        let (bench, feed, all, storage) = try await moved()
        let former = try #require(bench.opener[try RootURL(Self.former)])
        try await former.spoil(all[1].digest, Array("CONTENT 1".utf8))
        try await storage.spoil(all[1].digest, Array("c0ntent 1".utf8))
        try await storage.garble(all[2].path.key)
        try await former.garble(all[2].path.key)
        let summary = try await repair(feed, from: [Self.former])
        #expect(summary.repaired == 0 && summary.unrepaired == 2 && summary.quarantined == 1)
        #expect(try await storage.bytes(FeedLayout.blob(all[1].digest)) == nil)
        _ = try await bench.feed("mirror").publish("content 1", at: "x")
        #expect(try await repair(feed, from: [Self.former]).repaired == 1)
        #expect(try await feed.text(at: "pkg/1") == "content 1")
    }

    @Test("a retired copy that is bad does not come back")
    func badRetired() async throws {
        let (_, feed, all, storage) = try await moved()
        try await storage.spoil(all[1].digest, Array("CONTENT 1".utf8))
        try await storage.moveObject(FeedLayout.blob(all[1].digest), to: FeedLayout.retired(all[1].digest))
        try await storage.moveObject(FeedLayout.blob(all[2].digest), to: FeedLayout.retired(all[2].digest))
        try await repair(feed, from: [Self.former])
        for number in 1...2 { #expect(try await feed.text(at: "pkg/\(number)") == "content \(number)") }
    }

    @Test("a good copy that a killed repair left in quarantine, without a note, comes back", arguments: [false, true])
    func leftInQuarantine(onBuckets: Bool) async throws {
        let feed = try await Bench(onBuckets: onBuckets).feed()
        let published = try await feed.publish("only here", at: "a")
        let storage = try await feed.open().storage
        try await storage.moveObject(FeedLayout.blob(published.digest), to: FeedLayout.quarantined(published.digest))
        #expect(try await repair(feed, isDryRun: true).repaired == 1)
        #expect(try await repair(feed).repaired == 1)
        #expect(try await feed.text(at: "a") == "only here")
        // Nor does a bad blob in its place hide it.
        try await storage.spoil(published.digest, Array("ONLY HERE".utf8))
        #expect(try await repair(feed).repaired == 1)
        #expect(try await feed.text(at: "a") == "only here")
    }

    @Test("what cannot be moved is replaced beside, where readers find it, and exchanged once it can be moved")
    func immovable() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", CollectTests.hasty, root: "/memory/a")
        let published = try await feed.publish("kept", at: "a")
        _ = try await bench.feed("mirror").publish("kept", at: "b")
        let storage = try await bench.storage(feed)
        try await storage.spoil(published.digest, Array("KEPT".utf8))
        let blob = FeedLayout.blob(published.digest)
        let plan = FaultPlan { operation, key, _ in
            operation == .moveObject && key == blob.text
                ? .before(StoreError(.permissionDenied, "operation not permitted")) : nil
        }
        try bench.opener.replace(RootURL("/memory/a"), with: FaultStorage(storage, plan: plan))
        let stuck = try await bench.reopened().feed("npm")
        let messages = Collected<String>()
        for _ in 0..<2 {
            let summary = try await repair(stuck) { event in
                if case .unrepaired(_, _, let error) = event { messages.add(error.message) }
            }
            #expect(summary.unrepaired == 1 && summary.repaired == 0)
        }
        let beside = try await storage.names(FeedLayout.retired)
        #expect(beside.count == 1 && messages.all.allSatisfy { $0.contains(beside.first ?? "?") }, "\(messages.all)")
        #expect(try await stuck.text(at: "a") == "kept")
        #expect(try await stuck.flaws().count == 1)
        // Collecting does not take it for garbage, nor the damaged blob for a reason to remove it.
        _ = try await CollectOperation(stuck, .init(deletes: true, maximumPercent: 100)) { _ in }.run()
        #expect(try await storage.names(FeedLayout.retired) == beside)
        #expect(try await repair(feed).repaired == 1)
        #expect(try await storage.bytes(blob) == Array("kept".utf8))
        #expect(try await feed.flaws() == [])
    }

    @Test("a dry run names the damage and where good copies are, and changes nothing")
    func dryRun() async throws {
        let (_, feed, all, storage) = try await moved()
        try await storage.spoil(all[1].digest, Array("CONTENT 1".utf8))
        try await storage.removeObject(FeedLayout.blob(all[2].digest))
        try await storage.garble(all[3].path.key)
        let before = try await storage.list(ListRequest()).flattened().map(\.text)
        let summary = try await repair(feed, from: [Self.former], isDryRun: true)
        #expect(summary.damaged == 3 && summary.repaired == 3 && summary.quarantined == 0)
        #expect(try await storage.list(ListRequest()).flattened().map(\.text) == before)
        #expect(try await feed.flaws().count == 3)
    }

    @Test("a source that is no root is refused before anything is done")
    func noRoot() async throws {
        let (bench, feed, all, storage) = try await moved()
        try await storage.spoil(all[1].digest, Array("CONTENT 1".utf8))
        _ = try await bench.opener.create(RootURL("/memory/empty"))
        await expectError(.wrongRoot) { try await repair(feed, from: ["/memory/empty"]) }
        #expect(try await storage.bytes(FeedLayout.blob(all[1].digest)) == Array("CONTENT 1".utf8))
    }

    @Test("after one fault at any operation nothing good is lost, and the same repair completes")
    func faults() async throws {
        let whole = try await faulty(FaultPlan { _, _, _ in nil })
        var cases = 0
        for operation in StorageOperation.allCases {
            for occurrence in 0..<whole.count(of: operation) {
                let fault = Fault.before(StoreError(.failed, "input/output error"))
                _ = try await faulty(.once(operation, at: occurrence, fault))
                cases += 1
            }
        }
        #expect(cases > 10)
    }

    /// Repairs with faults, and once more without.
    private func faulty(_ plan: FaultPlan) async throws -> FaultStorage {
        let (bench, feed, all, storage) = try await moved()
        try await storage.spoil(all[1].digest, Array("CONTENT 1".utf8))
        try await storage.removeObject(FeedLayout.blob(all[2].digest))
        try await storage.garble(all[3].path.key)
        let failing = FaultStorage(storage, plan: plan)
        try bench.opener.replace(RootURL("/memory/a"), with: failing)
        do { try await repair(bench.reopened().feed("npm"), from: [Self.former]) } catch is StoreError {}
        try bench.opener.replace(RootURL("/memory/a"), with: storage)
        for number in 4..<10 { #expect(try await feed.text(at: "pkg/\(number)") == "content \(number)") }
        try await repair(feed, from: [Self.former])
        for number in 0..<10 { #expect(try await feed.text(at: "pkg/\(number)") == "content \(number)") }
        #expect(try await feed.flaws() == [])
        return failing
    }
}
