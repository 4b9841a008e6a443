import BlobStoreTesting
import TestSupport
import Testing

@testable import BlobStore

@Suite("The ledger of checks")
struct LedgerTests {
    private static let month = ContentLevel.unverified(.seconds(30 * 86_400))
    private static let place = "/memory/feed"
    private let bench: Bench
    private let feed: Feed
    private let all: [Published]
    private let storage: any Storage

    init() async throws {
        bench = try await Bench()
        feed = try await bench.feed("npm", root: Self.place)
        var all: [Published] = []
        for number in 0..<10 { all.append(try await feed.publish("content \(number)", at: "pkg/\(number)")) }
        self.all = all
        storage = try await bench.storage(feed)
    }

    private func check(
        _ level: ContentLevel, isDryRun: Bool = false
    ) async throws -> (summary: CheckOperation.Summary, findings: [String]) {
        let findings = Collected<String>()
        let store = try await bench.reopened()
        let summary = try await CheckOperation(store, .init(content: level, isDryRun: isDryRun)) { event in
            if case .finding(let found) = event {
                findings.add("\(found.severity.rawValue) \(found.kind.rawValue) \(found.key)")
            }
        }.run()
        return (summary, findings.all)
    }

    private func ledger() async throws -> CheckLedger? {
        try await storage.document(CheckLedger.key, as: CheckLedger.self)?.body
    }

    /// What an earlier check left behind, so many days ago.
    private func age(by days: Int64) async throws {
        _ = try await storage.update(CheckLedger.key, as: CheckLedger.self) { (ledger) throws(StoreError) in
            func earlier(_ time: Timestamp) -> Timestamp { Timestamp(seconds: time.seconds - days * 86_400) }
            var next = ledger
            next.verified = ledger.verified.mapValues(earlier)
            next.followed = ledger.followed?.mapValues(earlier)
            return next
        }
    }

    @Test(
        "garbled, it proves nothing verified, is a warning, and is replaced by the check that reads all again",
        arguments: [
            "{\"format\":1,", "[]", "{\"format\":1,\"revision\":\"x\",\"verified\":{\"000\":\"soon\"}}",
            "{\"format\":1,\"revision\":\"x\",\"verified\":true}",
        ])
    func garbled(text: String) async throws {
        #expect(try await check(Self.month).summary.bytesRead == 90)
        try await storage.garble(CheckLedger.key, text)
        let warning = "warning bad-record checks/ledger.json"
        // What reads nothing writes nothing.
        let idle = try await check(.none)
        #expect(idle.findings == [warning] && idle.summary.freshBytes == 0 && idle.summary.complete)
        #expect(try await storage.readRecord(CheckLedger.key)?.bytes == Array(text.utf8))
        #expect(try await check(Self.month, isDryRun: true).summary.complete)
        let (summary, findings) = try await check(Self.month)
        #expect(findings == [warning])
        #expect(summary.complete && summary.bytesRead == 90 && summary.freshBytes == 90)
        let next = try await check(Self.month)
        #expect(next.findings == [] && next.summary.bytesRead == 0 && next.summary.freshBytes == 90)
    }

    @Test("of a newer version, it is left alone, and proves nothing")
    func newer() async throws {
        let text = "{\"format\":2,\"revision\":\"x\"}"
        try await storage.garble(CheckLedger.key, text)
        for _ in 0..<2 {
            let (summary, findings) = try await check(Self.month)
            #expect(findings == ["warning bad-record checks/ledger.json"])
            #expect(summary.complete && summary.bytesRead == 90)
        }
        #expect(try await storage.readRecord(CheckLedger.key)?.bytes == Array(text.utf8))
    }

    @Test("what lies in the future proves nothing")
    func future() async throws {
        _ = try await check(.all)
        try await age(by: -365)
        #expect(try await check(.none).summary.freshBytes == 0)
        #expect(try await check(Self.month).summary.bytesRead == 90)
        #expect(try await check(.none).summary.freshBytes == 90)
    }

    @Test("what was not verified for the time is read, with what is new, and nothing else")
    func unverified() async throws {
        #expect(try await check(Self.month).summary.bytesRead == 90)
        try await age(by: 20)
        try await feed.publish("something new", at: "new")
        #expect(try await check(.none).summary.freshBytes == 90)
        let (plan, new) = (try await check(Self.month, isDryRun: true), try await check(Self.month))
        #expect(plan.findings == [] && new.summary.bytesRead == 13 && new.summary.freshBytes == 103)
        #expect(try await check(Self.month).summary.bytesRead == 0)
        try await age(by: 11)
        #expect(try await check(Self.month).summary.bytesRead == 90 + 13)
        #expect(try await check(Self.month).summary.bytesRead == 0)
    }

    @Test("as an older version wrote it, it tells what is new by its age")
    func older() async throws {
        _ = try await check(.all)
        _ = try await storage.update(CheckLedger.key, as: CheckLedger.self) { (ledger) throws(StoreError) in
            CheckLedger(verified: ledger.verified)
        }
        try await age(by: 1)
        #expect(try await check(.none).summary.freshBytes == 0)
        #expect(try await check(Self.month).summary.bytesRead == 90)
        #expect(try await check(Self.month).summary.bytesRead == 0)
    }

    @Test("damage is found again by the next check, however soon it comes")
    func damage() async throws {
        _ = try await check(.all)
        try await storage.spoil(all[3].digest, Array("CONTENT 3".utf8))
        for level in [ContentLevel.all, Self.month, Self.month] {
            let (summary, findings) = try await check(level)
            #expect(findings == ["error corrupt-blob \(FeedLayout.blob(all[3].digest))"])
            #expect(summary.freshBytes == 81)
        }
        #expect(try await check(Self.month).summary.bytesRead < 90)
    }

    @Test("a check that reads no content, or a fixed part, notes nothing; nor does a dry run", arguments: [0, 1, 2])
    func silent(number: Int) async throws {
        let level: [ContentLevel] = [.none, .subset(part: 1, of: 1), .all]
        let (summary, _) = try await check(level[number], isDryRun: number == 2)
        #expect(summary.complete)
        #expect(try await ledger() == nil)
        #expect(summary.freshBytes == (number == 1 ? 90 : 0))
    }

    @Test("a root that takes no writes is checked without", arguments: [StoreError.Code.readOnly, .permissionDenied])
    func refusing(code: StoreError.Code) async throws {
        let plan = FaultPlan.always(.writeRecord, .before(StoreError(code, "no writes here")))
        let refusing: any Storage = code == .readOnly ? ReadOnlyStorage(storage) : FaultStorage(storage, plan: plan)
        try bench.opener.replace(RootURL(Self.place), with: refusing)
        let before = try await storage.list(ListRequest()).flattened().map(\.text)
        for _ in 0..<2 {
            let (summary, findings) = try await check(Self.month)
            #expect(summary.complete && findings == [] && summary.bytesRead == 90 && summary.freshBytes == 90)
        }
        #expect(try await storage.list(ListRequest()).flattened().map(\.text) == before)
    }

    @Test("what could not be read is not noted, and is read by the next check")
    func unread() async throws {
        let worn = FeedLayout.blob(all[7].digest).text
        let plan = FaultPlan { operation, key, _ in
            operation == .readObject && key == worn ? .before(StoreError(.failed, "a bad sector")) : nil
        }
        try bench.opener.replace(RootURL(Self.place), with: FaultStorage(storage, plan: plan))
        let first = try await check(Self.month).summary
        #expect(!first.complete && first.freshBytes == 81)
        try bench.opener.replace(RootURL(Self.place), with: storage)
        let next = try await check(Self.month).summary
        #expect(next.complete && next.bytesRead == 9 && next.freshBytes == 90)
    }

    @Test("an interrupted check notes the folders that it had read to their end")
    func interrupted() async throws {
        let last = try #require(all.map(\.digest).max())
        let (reached, cancelled) = (Gate(), Gate())
        let plan = FaultPlan { operation, key, _ in
            guard operation == .readObject && key == FeedLayout.blob(last).text else { return nil }
            return .late {
                reached.open()
                await cancelled.wait()
            }
        }
        try bench.opener.replace(RootURL(Self.place), with: FaultStorage(storage, plan: plan))
        let store = try await bench.reopened()
        let work = Task { try await CheckOperation(store, .init(content: Self.month)) { _ in }.run() }
        await reached.wait()
        work.cancel()
        cancelled.open()
        await expectError(.cancelled) { try await work.value }
        try bench.opener.replace(RootURL(Self.place), with: storage)
        let lastFolder = all.count { $0.digest.hex.prefix(2) == last.hex.prefix(2) }
        #expect(try await check(Self.month).summary.bytesRead == Int64(9 * lastFolder) && lastFolder < 10)
    }
}
