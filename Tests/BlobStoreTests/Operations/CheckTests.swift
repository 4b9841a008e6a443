import BlobStoreTesting
import Synchronization
import Testing

@testable import BlobStore

@Suite struct CheckTests {
    /// What a check of everything reported.
    private func check(
        _ bench: Bench, _ options: CheckOperation.Options = .init(content: .all)
    ) async throws -> (findings: [Finding], summary: CheckOperation.Summary) {
        let findings = Mutex<[Finding]>([])
        let summary = try await CheckOperation(bench.store, options) { event in
            if case .finding(let finding) = event { findings.withLock { $0.append(finding) } }
        }.run()
        return (findings.withLock { $0 }, summary)
    }

    private func feedOfTen(_ bench: Bench) async throws -> (Feed, [Published]) {
        let feed = try await bench.feed()
        var all: [Published] = []
        for number in 0..<10 { all.append(try await feed.publish("content \(number)", at: "pkg/\(number)")) }
        return (feed, all)
    }

    @Test("a sound store has no findings, and everything was read")
    func sound() async throws {
        let bench = try await Bench()
        _ = try await feedOfTen(bench)
        let (findings, summary) = try await check(bench)
        #expect(findings.isEmpty, "\(findings)")
        #expect(summary.complete && summary.packages == 10 && summary.blobs == 10 && summary.bytesRead == 90)
    }

    @Test("one flipped, one truncated, one missing blob and one garbled record are named, each with its package")
    func damage() async throws {
        let bench = try await Bench()
        let (feed, all) = try await feedOfTen(bench)
        let storage = try await bench.storage(feed)
        for (number, bytes) in [(1, Array("CONTENT 1".utf8)), (2, Array("content".utf8))] {
            try await storage.removeObject(FeedLayout.blob(all[number].digest))
            _ = try await storage.writeObject(FeedLayout.blob(all[number].digest), ObjectSource(bytes))
        }
        try await storage.removeObject(FeedLayout.blob(all[3].digest))
        try await overwrite(all[4].path.key, "{\"format\":1,", in: storage)
        let (findings, summary) = try await check(bench)
        let named = findings.filter { $0.severity == .error }.map { "\($0.kind.rawValue) \($0.packages)" }.sorted()
        #expect(
            named == [
                "bad-record [\"pkg/4\"]", "corrupt-blob [\"pkg/1\"]", "missing-blob [\"pkg/3\"]",
                "size-mismatch [\"pkg/2\"]",
            ])
        #expect(findings.count == 4 && summary.complete && summary.errors == 4)
    }

    private func overwrite(_ key: Key, _ text: String, in storage: any Storage) async throws {
        guard let record = try await storage.readRecord(key) else { throw StoreError(.notFound, "no record") }
        _ = try await storage.writeRecord(key, Array(text.utf8), expecting: .version(record.version))
    }

    @Test("a record that names another path, or another size than its whole content, is a bad record")
    func wrongRecords() async throws {
        let bench = try await Bench()
        let (feed, all) = try await feedOfTen(bench)
        let storage = try await bench.storage(feed)
        let text = try await storage.readRecord(all[0].path.key).map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        try await overwrite(all[0].path.key, text.replacing("pkg/0", with: "pkg/zero"), in: storage)
        let other =
            try await storage.readRecord(all[1].path.key).map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        try await overwrite(all[1].path.key, other.replacing("\"size\":9", with: "\"size\":8"), in: storage)
        let kinds = try await check(bench).findings.map { "\($0.kind.rawValue) \($0.packages)" }.sorted()
        #expect(kinds == ["bad-record [\"pkg/0\"]", "bad-record [\"pkg/1\"]"])
    }

    @Test("what no record names, what lies in quarantine and what was left behind are told, and are no errors")
    func rest() async throws {
        let bench = try await Bench()
        let (feed, all) = try await feedOfTen(bench)
        let storage = try await bench.storage(feed)
        _ = try await storage.writeObject(FeedLayout.blob(Digest(of: [1])), ObjectSource([1]))
        _ = try await storage.writeObject(Key("blobs/sha256/00/stranger"), ObjectSource([1]))
        _ = try await storage.writeObject(Key("notes.txt"), ObjectSource([1]))
        try await feed.open().content.quarantine(all[5].digest, why: "test", by: "test")
        try await storage.removeObject(FeedLayout.blob(all[6].digest))
        _ = try await storage.writeObject(FeedLayout.blob(all[6].digest), ObjectSource(Array("CONTENT 6".utf8)))
        try await feed.open().content.quarantine(all[6].digest, why: "test", by: "test")
        let (findings, summary) = try await check(bench, .init())
        let kinds = findings.map { "\($0.severity.rawValue) \($0.kind.rawValue) \($0.packages)" }.sorted()
        #expect(
            kinds == [
                "error missing-blob [\"pkg/6\"]", "info orphan-blob []", "warning quarantined [\"pkg/6\"]",
                "warning unexpected-object []", "warning unexpected-object []",
            ])
        #expect(summary.errors == 1)
    }

    @Test("what cannot be looked at makes the answer incomplete, and is neither damage nor health")
    func incomplete() async throws {
        let bench = try await Bench()
        let feed = try await bench.feed("npm", root: "/memory/feed")
        try await feed.publish("one", at: "a")
        bench.opener.replace(try RootURL("/memory/feed"), with: nil)
        let fresh = try await PackageStore.open(bench.url, node: NodeName("n"), with: bench.opener)
        let findings = Mutex<[Finding.Kind]>([])
        let summary = try await CheckOperation(fresh, .init()) { event in
            if case .finding(let finding) = event { findings.withLock { $0.append(finding.kind) } }
        }.run()
        #expect(!summary.complete)
        #expect(findings.withLock { $0 } == [.wrongRoot])
    }

    @Test("what ends the look at the server root ends no check of feeds, and what was found until then is counted")
    func serverRootUnreadable() async throws {
        let bench = try await Bench()
        try await bench.feed("npm", root: "/memory/feed").publish("one", at: "a")
        let base = try #require(bench.opener[bench.url])
        _ = try await base.writeObject(Key("catalog/stray"), ObjectSource([1]))
        let flaw = StoreError(.unavailable, "the server does not answer")
        // The catalog is listed first.
        let plan = FaultPlan { operation, _, count in operation == .list && count > 0 ? .before(flaw) : nil }
        bench.opener.replace(bench.url, with: FaultStorage(base, plan: plan))
        let summary = try await CheckOperation(bench.reopened(), .init()) { _ in }.run()
        #expect(!summary.complete && summary.warnings == 1 && summary.packages == 1)
    }

    @Test("the subsets of a check make up the whole, each blob in one of them")
    func subsets() async throws {
        let bench = try await Bench()
        _ = try await feedOfTen(bench)
        var read: Int64 = 0
        for part in 1...3 as ClosedRange<UInt32> {
            read += try await check(bench, .init(content: .subset(part: part, of: 3))).summary.bytesRead
        }
        #expect(read == 90)
    }

    @Test("a share takes the longest unverified, so that enough of them verify everything once")
    func share() async throws {
        let bench = try await Bench()
        _ = try await feedOfTen(bench)
        var read: Int64 = 0
        for _ in 0..<10 {
            let some = try await check(bench, .init(content: .share(percent: 10))).summary.bytesRead
            #expect(some == 9)
            read += some
        }
        #expect(read == 90)
        #expect(try await check(bench, .init(content: .unverified(.seconds(3_600)))).summary.bytesRead == 0)
    }

    @Test("what was never verified is read by a check of what is unverified, and not again by the next")
    func unverified() async throws {
        let bench = try await Bench()
        _ = try await feedOfTen(bench)
        let level = ContentLevel.unverified(.seconds(86_400))
        #expect(try await check(bench, .init(content: level)).summary.bytesRead == 90)
        #expect(try await check(bench, .init(content: level)).summary.bytesRead == 0)
    }

    @Test("a dry run reads nothing, and says how much there is")
    func dryRun() async throws {
        let bench = try await Bench()
        _ = try await feedOfTen(bench)
        let plans = Mutex<[CheckOperation.Plan]>([])
        let summary = try await CheckOperation(bench.store, .init(content: .all, isDryRun: true)) { event in
            if case .plan(_, let plan) = event { plans.withLock { $0.append(plan) } }
        }.run()
        #expect(plans.withLock { $0.map(\.bytes) } == [90])
        #expect(summary.bytesRead == 0 && summary.packages == 10)
    }
}
